import Testing

@testable import Files
@testable import Ground
@testable import Run

@Suite struct NameBundleTests {
    private func bundle(_ names: [String], separator: UInt8 = 0) -> NameBundle {
        var bundle = NameBundle(NameBundle.Origin(separator: separator))
        for name in names {
            Array(name.utf8).withUnsafeBytes { bundle.append($0) }
        }
        return bundle
    }

    private func names(in bundle: NameBundle) -> [String] {
        var names: [String] = []
        bundle.forEach { _, name in
            names.append(String(decoding: name, as: UTF8.self))
            return true
        }
        return names
    }

    @Test func namesComeBackAsTheyWereAlsoEmptyOnes() {
        #expect(names(in: bundle(["a", "", "b/c", ""])) == ["a", "", "b/c", ""])
        #expect(names(in: bundle(["1  a\0b", ""], separator: 10)) == ["1  a\0b", ""])
        #expect(names(in: bundle([])).isEmpty)
    }

    @Test func aShareKnowsWhereItsNamesAreAmongAll() {
        let all = (0..<100).map { "name \($0)" }
        var found: [(ordinal: UInt64?, name: String)] = []
        var tallies: Set<[UInt64]> = []
        for number in 1...3 {
            let tally = NameTally()
            var bundle = NameBundle(NameBundle.Origin())
            (bundle.share, bundle.tally) = (Part(number, of: 3).map { NameShare($0) }, tally)
            for name in all { Array(name.utf8).withUnsafeBytes { bundle.append($0) } }
            // A part of the bundle does not count names again.
            let half = bundle.count / 2
            for part in [bundle.part(0..<half), bundle.part(half..<bundle.count)] {
                #expect(part.ordinals.count == part.count)
                found += names(in: part).enumerated().map { (part.ordinal(at: $0), $1) }
            }
            tallies.insert([tally.count, tally.checksum])
        }
        #expect(tallies.count == 1 && tallies.first?.first == 100)
        found.sort { ($0.ordinal ?? 0) < ($1.ordinal ?? 0) }
        #expect(found.map(\.ordinal) == (0..<100).map { $0 })
        #expect(found.map(\.name) == all)
        #expect(bundle(["a"]).ordinal(at: 0) == nil)
    }

    @Test func aTallyDistinguishesOtherNamesAndAnotherOrder() {
        func tally(_ names: [String]) -> [UInt64] {
            let tally = NameTally()
            for name in names { _ = Array(name.utf8).withUnsafeBytes { tally.add($0) } }
            return [tally.count, tally.checksum]
        }
        let all = [["a", "b"], ["b", "a"], ["ab", ""], ["", "ab"], ["a", "b", ""], ["ab"], []].map(tally)
        #expect(Set(all).count == all.count)
        #expect(tally(["a", "b"]) == tally(["a", "b"]))
    }

    @Test func aPartHasItsNamesWithTheirNotesAndLineNumbers() {
        var whole = bundle(["a", "b", "c", "d"])
        (whole.firstNote, whole.firstLine, whole.generation) = (512, 7, 3)
        let part = whole.part(1..<3)
        #expect(names(in: part) == ["b", "c"])
        #expect(part.count == 2)
        #expect(part.firstNote == 513)
        #expect(part.firstLine == 8)
        #expect(part.generation == 3)
        #expect(whole.name(at: 3) == Array("d".utf8))
    }

    @Test func exceptionsKeepTheirPlaceAmongWhatIsPrinted() {
        var outcome = BundleOutcome()
        outcome.text.output += [1]
        outcome.add(.isForFront, 1)
        outcome.text.output += [2]
        outcome.add(PoolmapError(.damaged, "is damaged"), 3)
        outcome.text.output += [3]
        #expect(outcome.exceptions.map(\.index) == [1, 3])
        #expect(outcome.exceptions.map(\.before.output) == [[1], [2]])
        #expect(outcome.text.output == [3])
        #expect(outcome.exceptions[0].result == nil)
        #expect(throws: PoolmapError.self) { try outcome.exceptions[1].result?.get() }
    }

    @Test func aTargetsNameFollowsFromTheInputsAndBack() {
        let added = TargetNaming.appending(".zst")
        #expect(added.target(of: "d/a") == "d/a.zst")
        #expect(added.inputs(of: "d/a.zst") == ["d/a"])
        #expect(added.inputs(of: "d/a").isEmpty)
        let taken = TargetNaming.replacing([(".zst", ""), (".tzst", ".tar")])
        #expect(taken.target(of: "a.tzst") == "a.tar")
        #expect(taken.target(of: "a.zst.zst") == "a.zst")
        #expect(taken.target(of: ".zst") == nil)
        #expect(taken.target(of: "d/.zst") == nil)
        #expect(taken.target(of: "a.gz") == nil)
        #expect(taken.inputs(of: "a.tar") == ["a.tar.zst", "a.tzst"])
    }

    @Test func namesAreClaimedUpToOneThatIsInTheWayOfAnEarlierOne() {
        let places = RunPlaces()
        #expect(places.claimNames(of: bundle(["/a", "/b", "/tmp/a"]), .appending(".zst")) == 3)
        #expect(places.claimNames(of: bundle(["/c", "/./b", "/d"]), .appending(".zst")) == 1)
        // The name is the target of an earlier one, and the target of another one exists already.
        #expect(places.claimNames(of: bundle(["/a.zst"]), .appending(".zst")) == 0)
        let restored = RunPlaces()
        #expect(restored.claimNames(of: bundle(["/a.zst", "/a.gz"]), .replacing([(".zst", "")])) == 2)
        #expect(restored.claimNames(of: bundle(["/a.zst.zst"]), .replacing([(".zst", "")])) == 0)
    }

    @Test func manyPlacesAreToldApart() {
        var table = PlaceTable()
        let folder = PlaceMark(kind: 0)
        func mark(_ number: Int) -> PlaceMark {
            Array("name \(number)".utf8).withUnsafeBytes { PlaceMark($0, in: folder) }
        }
        for number in 0..<10_000 {
            #expect(table.kinds(of: mark(number)).isEmpty)
            table.insert(mark(number), as: number % 2 == 0 ? .input : .target)
        }
        for number in 0..<10_000 {
            #expect(table.kinds(of: mark(number)) == (number % 2 == 0 ? .input : .target))
        }
        table.insert(mark(4), as: .target)
        #expect(table.kinds(of: mark(4)) == [.input, .target])
    }
}
