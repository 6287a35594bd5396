import TestSupport
import Testing

@testable import Files

/// Marks, which identify places, and their table.
@Suite struct PlaceTableTests {
    private func mark(_ name: [UInt8], in place: PlaceMark = PlaceMark(kind: 0)) -> PlaceMark {
        name.withUnsafeBytes { PlaceMark($0, in: place) }
    }

    private func isSame(_ one: PlaceMark, _ other: PlaceMark) -> Bool { one == other }

    @Test func namesThatDifferOnlyInLengthHaveDifferentMarks() {
        var marks: [PlaceMark] = []
        for byte: UInt8 in [0, 1, 0xFF] {
            marks += ((byte == 0 ? 0 : 1)...33).map { mark([UInt8](repeating: byte, count: $0)) }
        }
        for (place, one) in marks.enumerated() {
            #expect(marks.firstIndex(of: one) == place)
        }
    }

    @Test func theSameNameInAnotherFolderHasAnotherMark() {
        let folders = [Array("a".utf8), Array("ab".utf8), []].map { mark($0) }
        // The same letters, divided differently.
        #expect(!isSame(mark(Array("bc".utf8), in: folders[0]), mark(Array("c".utf8), in: folders[1])))
        #expect(!isSame(mark(Array("a".utf8), in: folders[2]), mark(Array("a".utf8))))
        #expect(!isSame(PlaceMark(kind: 1), PlaceMark(kind: 2)))
        #expect(isSame(mark(Array("a".utf8), in: folders[1]), mark(Array("a".utf8), in: mark(Array("ab".utf8)))))
    }

    @Test func theTableAgreesWithASet() {
        var random = SeededGenerator(for: "theTableAgreesWithASet")
        var table = PlaceTable()
        var known: [[UInt8]: UInt64] = [:]
        let names = (0..<700).map { _ in random.bytes(Int.random(in: 0...12, using: &random)) }
        #expect(table.kinds(of: mark([])).isEmpty)
        for _ in 0..<3000 {
            let name = names[Int.random(in: 0..<names.count, using: &random)]
            let kind: PlaceTable.Kinds = Bool.random(using: &random) ? .input : .target
            #expect(table.kinds(of: mark(name)).rawValue == known[name, default: 0])
            table.insert(mark(name), as: kind)
            known[name, default: 0] |= kind.rawValue
        }
        for name in names {
            #expect(table.kinds(of: mark(name)).rawValue == known[name, default: 0])
        }
    }
}
