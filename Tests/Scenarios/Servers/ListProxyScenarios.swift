@preconcurrency import Glibc
import Multiprocessing

func listProxyScenarios() {
    scenario("rangesPastTheEndOfAListAreCutOffThere") {
        let manager = try Manager()
        let list = try manager.list(0..<5)
        expectEqual(try list.get(3..<99), [3, 4])
        expectEqual(try list.get(3...), [3, 4])
        expectEqual(try list.get(..<2), [0, 1])
        expectEqual(try list.get(...2), [0, 1, 2])
        expectEqual(try list.get(1...3), [1, 2, 3])
        expectEqual(try list.get(5..<7), [])
        expectEqual(try list.get(70..<99), [])
        expectEqual(try list.get(0..<Int.max), [0, 1, 2, 3, 4])
        try list.replace(4..<99, with: [40, 50])
        try list.replace(90..<99, with: [60])
        try list.insert(70, at: 1000)
        try list.replace(..<1, with: [])
        expectEqual(try list.values(), [1, 2, 3, 40, 50, 60, 70])
        for misuse in [
            { _ = try list.get(-2..<3) }, { try list.replace(-1..<0, with: []) }, { try list.insert(0, at: -1) },
            { _ = try list.get(..<(-1)) },
        ] {
            expectThrows(.requestFailed, misuse)
        }
        let array = try manager.array(0..<3)
        expectEqual(try array.get(2...), [2])
    }
    scenario("listIsSortedCountedAndChangedAsAWhole") {
        let manager = try Manager()
        let list = try manager.list([3, 1, 2, 1])
        expectEqual(try list.count(of: 1), 2)
        expectEqual(try list.count(of: 7), 0)
        try list.sort()
        expectEqual(try list.values(), [1, 1, 2, 3])
        try list.sort(by: >)
        expectEqual(try list.values(), [3, 2, 1, 1])
        let removed = try list.update { elements in
            defer { elements.removeAll { $0 == 1 } }
            return elements.count { $0 == 1 }
        }
        expectEqual(removed, 2)
        var seen: [Int] = []
        for element in try list.values() {
            // Changes to the list meanwhile do not matter.
            try list.append(element)
            seen.append(element)
        }
        expectEqual(seen, [3, 2])
        do {
            try list.sort { _, _ in throw Mishap() }
            expect(false, "nothing was thrown")
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        expectEqual(try list.values(), [3, 2, 3, 2])
        let empty = try manager.list(of: String.self)
        try empty.sort()
        expectEqual(try empty.update { $0.count }, 0)
    }
    scenario("changesOfAListAsAWholeLoseNothing") {
        let manager = try Manager()
        let list = try manager.list(of: Int.self)
        try inChildren(4) { number in
            for step in 0..<50 {
                try list.update { $0.append(number * 50 + step) }
                if step % 10 == 0 { try list.sort() }
            }
        }
        try list.sort()
        expectEqual(try list.values(), Array(0..<200))
    }
    scenario("anUpdateInProgressNoticesEveryChangeOfTheList") {
        let manager = try Manager()
        let changes: [(ListProxy<Int>) throws -> Void] = [
            { try $0.set(0, to: 9) }, { try $0.append(9) }, { try $0.extend([8, 9]) }, { try $0.insert(9, at: 0) },
            { _ = try $0.pop() }, { try $0.remove(at: 0) }, { try $0.remove(2) }, { try $0.replace(0..<1, with: []) },
            { try $0.reverse() }, { try $0.clear() }, { try $0.update(at: 1) { $0 = 9 } },
            { try $0.update { $0 = [] } },
        ]
        for change in changes {
            let list = try manager.list([1, 2, 3])
            var calls = 0
            try list.update { elements in
                calls += 1
                if calls == 1 { try change(list) }
                elements.append(-1)
            }
            expectEqual(calls, 2)
            let expected = try manager.list([1, 2, 3])
            try change(expected)
            expectEqual(try list.values(), try expected.values() + [-1])
        }
    }
    scenario("elementThatHasMovedIsNotTakenForTheOneAtItsOldIndex") {
        let manager = try Manager()
        let list = try manager.list(["a", "b", "c"])
        var calls = 0
        try list.update(at: 0) { element in
            calls += 1
            if calls == 1 { try list.reverse() }
            element += "!"
        }
        expectEqual(try list.values(), ["c!", "b", "a"])
        try list.extend(["d", "e"])
        calls = 0
        try list.update(at: 3) { element in
            calls += 1
            if calls == 1 { try list.remove(at: 3) }
            element += "?"
        }
        expectEqual(try list.values(), ["c!", "b", "a", "e?"])
    }
}
