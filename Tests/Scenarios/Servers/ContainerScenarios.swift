@preconcurrency import Glibc
import Multiprocessing

private struct Person: Codable, Equatable, Hashable {
    var name: String
    var ages: [Int?]
}

func containerScenarios() {
    scenario("managerDictionaryDoesWhatADictionaryDoes") {
        let manager = try Manager()
        let people = try manager.dictionary(["a": Person(name: "A", ages: [1, nil])])
        expectEqual(try people.get("a"), Person(name: "A", ages: [1, nil]))
        expectEqual(try people.get("b"), nil)
        let b = Person(name: "B", ages: [])
        try people.set("b", to: b)
        try people.set("b", to: b)
        expectEqual(try people.count, 2)
        expect(try people.contains("b"), "b is missing")
        expect(try !people.contains("c"), "c is there")
        expectEqual(try people.setDefault("b", Person(name: "C", ages: [])), b)
        expectEqual(try people.setDefault("c", Person(name: "C", ages: [])).name, "C")
        expectEqual(try people.keys(), ["a", "b", "c"])
        expectEqual(try people.values().map(\.name), ["A", "B", "C"])
        expectEqual(try people.items().map { "\($0.key)\($0.value.name)" }, ["aA", "bB", "cC"])
        expectEqual(try people.get(["c", "x", "a"]).map { $0?.name }, ["C", nil, "A"])
        expectEqual(try people.copy()["b"], b)
        expectEqual(try people.pop("a")?.name, "A")
        expectEqual(try people.pop("a"), nil)
        expectEqual(try people.popItem()?.key, "c")
        expect(try people.remove("b"), "b was there")
        expect(try !people.remove("b"), "b was there twice")
        expect(try people.popItem() == nil, "an item of nothing")
        try people.update(["x": b, "y": b])
        expectEqual(try people.count, 2)
        try people.update([:] as [String: Person])
        try people.clear()
        expectEqual(try people.items().count, 0)
    }
    scenario("keysAreTheSameWhenTheirBytesAre") {
        let manager = try Manager()
        let numbers = try manager.dictionary(of: Double.self, Int.self)
        try numbers.set(0.0, to: 1)
        try numbers.set(-0.0, to: 2)
        try numbers.set(.nan, to: 3)
        expectEqual(try numbers.count, 3)
        expectEqual(try numbers.get(.nan), 3)
        let optional = try manager.dictionary(of: String?.self, Int?.self)
        try optional.set(nil, to: nil)
        try optional.set("", to: 5)
        expectEqual(try optional.get(nil), .some(nil))
        expectEqual(try optional.get("x"), .none)
        expectEqual(try optional.items().map(\.value), [nil, 5])
    }
    scenario("randomRequestsDoToADictionaryWhatTheyDoToASwiftOne") {
        var generator = SeededGenerator(seed: printedSeed())
        let manager = try Manager()
        let proxy = try manager.dictionary(of: Int.self, String.self)
        // In the order in which the keys were added.
        var model: [(key: Int, value: String)] = []
        for step in 0..<4000 {
            // Sometimes the keys come from a larger set, so that the table grows, and shrinks again.
            let key = Int.random(in: 0..<(step / 500 % 2 == 0 ? 20 : 400), using: &generator)
            let position = model.firstIndex { $0.key == key }
            switch Int.random(in: 0..<12, using: &generator) {
            case 0...4:
                let value = String(repeating: "v", count: .random(in: 0...30, using: &generator))
                try proxy.set(key, to: value)
                if let position { model[position].value = value } else { model.append((key, value)) }
            case 5: expectEqual(try proxy.get(key), position.map { model[$0].value })
            case 6, 7: expectEqual(try proxy.pop(key), position.map { model.remove(at: $0).value })
            case 8: expectEqual(try proxy.popItem()?.key, model.popLast()?.key)
            case 9:
                try proxy.update(key) { $0 = $0 == "x" ? nil : "x" }
                switch position {
                case let position? where model[position].value == "x": model.remove(at: position)
                case let position?: model[position].value = "x"
                case nil: model.append((key, "x"))
                }
            case 10 where step % 50 == 0:
                try proxy.clear()
                model = []
            default: expectEqual(try proxy.contains(key), position != nil)
            }
            expectEqual(try proxy.count, model.count)
            if step % 100 == 0 {
                expectEqual(try proxy.keys(), model.map(\.key))
                expectEqual(try proxy.values(), model.map(\.value))
            }
        }
    }
    scenario("managerListDoesWhatAnArrayDoes") {
        let manager = try Manager()
        let list = try manager.list(["a", "b"])
        try list.append("c")
        try list.extend(["d", "e"])
        try list.insert("z", at: 0)
        try list.insert("y", at: 6)
        expectEqual(try list.values(), ["z", "a", "b", "c", "d", "e", "y"])
        expectEqual(try list.get(2), "b")
        try list.set(2, to: "B")
        expectEqual(try list.get(1..<4), ["a", "B", "c"])
        expectEqual(try list.get(7..<7), [])
        expectEqual(try list.index(of: "d"), 4)
        expectEqual(try list.index(of: "q"), nil)
        expect(try list.contains("e") && !list.contains("b"), "it contains the wrong ones")
        expectEqual(try list.remove(at: 0), "z")
        expectEqual(try list.pop(), "y")
        expect(try list.remove("B") && !list.remove("B"), "one B")
        try list.replace(1..<2, with: ["1", "2", "3"])
        try list.reverse()
        expectEqual(try list.values(), ["e", "d", "3", "2", "1", "a"])
        let updated = try list.update(at: 2) { element in
            element += "!"
            return element
        }
        expectEqual(updated, "3!")
        expectEqual(try list.count, 6)
        for misuse in [{ _ = try list.get(6) }, { _ = try list.get(-1) }, { try list.set(6, to: "") }] {
            expectText(of: expectThrows(.requestFailed, misuse), contains: "index")
        }
        expectThrows(.requestFailed) { try list.remove(at: .max) }
        expectThrows(.requestFailed) { try list.update(at: 9) { $0 = "" } }
        try list.clear()
        expectEqual(try list.pop(), nil)
    }
    scenario("arraysValuesAndNamespacesKeepWhatTheyAreGiven") {
        let manager = try Manager()
        let array = try manager.array(0..<5)
        try array.set(4, to: 40)
        try array.update(at: 0) { $0 -= 1 }
        expectEqual(try array.values(), [-1, 1, 2, 3, 40])
        expectEqual(try array.get(1..<3), [1, 2])
        expectEqual(try array.count, 5)
        expectThrows(.requestFailed) { try array.set(5, to: 0) }
        let value = try manager.value(Person?.none)
        expectEqual(try value.get(), nil)
        try value.set(Person(name: "A", ages: []))
        try value.update { $0?.ages = [nil] }
        expectEqual(try value.get(), Person(name: "A", ages: [nil]))
        let space = try manager.namespace()
        try space.set("limit", to: 10)
        try space.set("owner", to: Person(name: "B", ages: [2]))
        expectEqual(try space.get("limit"), 10)
        expectEqual(try space.get("owner", as: Person.self)?.name, "B")
        expectEqual(try space.get("none", as: Int.self), nil)
        expectThrows(.decodingFailed) { try space.get("owner", as: Int.self) }
        try space.update("limit", as: Int.self) { $0 = $0.map { $0 + 1 } }
        expectEqual(try space.get("limit"), 11)
        expectEqual(try space.names(), ["limit", "owner"])
        expect(try space.remove("owner") && !space.contains("owner"), "the owner is there")
    }
    scenario("proxiesLieInOtherProxiesObjects") {
        let manager = try Manager()
        let table = try manager.dictionary(of: String.self, ListProxy<Int>.self)
        try table.set("odd", to: try manager.list([1, 3]))
        try table.set("even", to: try manager.list())
        let child = Process {
            try table.get("odd")?.append(5)
            try table.get("even")?.extend([2, 4])
            let deep = try manager.list([table])
            try table.set("deep", to: try manager.list([try deep.get(0).count]))
        }
        try child.start()
        expectEqual(try child.join(), .exited(0))
        expectEqual(try table.get("odd")?.values(), [1, 3, 5])
        expectEqual(try table.items().map { try $0.value.values() }, [[1, 3, 5], [2, 4], [2]])
        expect(try table.get("odd") == table.get("odd"), "two proxies of one object")
        expect(try table.get("odd") != table.get("even"), "one proxy of two objects")
        // Encoded as text, the proxy is the stored value, and its kind is fixed.
        let untyped = try manager.list([table])
        try manager.publish(untyped, as: "untyped")
        let wrong = try require(try manager.find("untyped", as: ListProxy<ListProxy<Int>>.self))
        expectThrows(.decodingFailed) { try wrong.get(0) }
    }
    scenario("queuesLieInListsAndDictionaries") {
        let manager = try Manager()
        let (list, table) = (
            try manager.list([try manager.queue(of: Int.self)]),
            try manager.dictionary([0: try manager.queue(of: Int.self)])
        )
        try inChild {
            try list.get(0).put(123)
            try table.get(0)?.put(456)
        }
        expectEqual(try list.get(0).get(timeout: .seconds(20)), 123)
        expectEqual(try table.get(0)?.get(timeout: .seconds(20)), 456)
    }
    scenario("valuesOfTheWrongTypeOrWithDescriptorsAreTypedErrors") {
        let manager = try Manager()
        try manager.publish(try manager.list(["text"]), as: "texts")
        let numbers = try require(try manager.find("texts", as: ListProxy<Int>.self))
        expectThrows(.decodingFailed) { try numbers.get(0) }
        expectEqual(try numbers.count, 1, "the connection is in order:")
        let (pipe, connections) = (try Pipe(), try manager.list(of: Connection.self))
        expectThrows(.encodingFailed) { try connections.append(pipe.first) }
        let fickle = try manager.list(of: Fickle.self)
        expectThrows(.encodingFailed) { try fickle.extend([Fickle(encodes: true), Fickle(encodes: false)]) }
        try fickle.append(Fickle(encodes: true))
        expectEqual(try fickle.count, 1)
        expectThrows(.requestFailed) { try manager.find("texts", as: DictionaryProxy<Int, Int>.self) }
        expect(try manager.find("nothing", as: ListProxy<Int>.self) == nil, "something")
    }
    scenario("largeValuesAndBatchesArriveWhole") {
        let manager = try Manager()
        let list = try manager.list(of: [UInt8].self)
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        try list.extend([bytes, [], bytes])
        expect(try list.get(2) == bytes, "other bytes")
        expectEqual(try list.values().map(\.count), [5_000_000, 0, 5_000_000])
        let numbers = try manager.dictionary(of: Int.self, Int.self)
        try numbers.update((0..<100_000).map { (key: $0, value: -$0) })
        expectEqual(try numbers.count, 100_000)
        expectEqual(try numbers.get([0, 99_999, 100_000]), [0, -99_999, nil])
        expect(try numbers.copy() == Dictionary(uniqueKeysWithValues: (0..<100_000).map { ($0, -$0) }), "others")
    }
    scenario("removedObjectIsAnErrorForAllProxies") {
        let manager = try Manager()
        let list = try manager.list([1])
        try manager.publish(list, as: "list")
        expectEqual(try manager.objectCount, 1)
        expect(try manager.remove(list), "it was there")
        expect(try !manager.remove(list), "it was there twice")
        let error = expectThrows(.requestFailed) { try list.get(0) }
        expectText(of: error, contains: "removed")
        expect(try manager.find("list", as: ListProxy<Int>.self) == nil, "the name is left")
        expectEqual(try manager.objectCount, 0)
        let other = try Manager()
        expectThrows(.invalidState) { try other.remove(list) }
        expectThrows(.invalidState) { try other.publish(list, as: "x") }
    }
}
