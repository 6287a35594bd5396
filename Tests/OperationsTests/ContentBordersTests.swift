import Testing

@testable import Operations

/// Borders that depend on the content.
@Suite struct ContentBordersTests {
    /// Bytes that are the same in every run.
    private func bytes(_ count: Int, from start: UInt64 = 0) -> [UInt8] {
        (0..<count).map { index in
            var mixed = (UInt64(index) &+ start) &* 0x9E37_79B9_7F4A_7C15
            mixed = (mixed ^ mixed >> 31) &* 0xD6E8_FEB8_6659_FD93
            return UInt8(truncatingIfNeeded: mixed >> 40)
        }
    }

    /// The chunk lengths of the first test, computed by another program from the documentation.
    private static let known = [2073, 2482, 1241, 1665, 2393, 1467, 3143, 1090, 1804, 2181, 461]

    /// The chunk lengths of a file whose searches return at once.
    private func lengths(_ content: [UInt8], mostBytes: Int, leadChunks: Int = 4) -> [Int] {
        let borders = ContentBorders(mostBytes: mostBytes)
        var file = FileBorders(borders, byteCount: UInt64(content.count), leadBytes: UInt64(leadChunks * mostBytes))
        var (offset, lengths): (Int, [Int]) = (0, [])
        while offset < content.count {
            switch file.next(at: UInt64(offset)) {
            case .chunk(let length):
                lengths.append(length)
                offset += length
            case .search(let range, _):
                var search = MatchSearch(borders, from: range.lowerBound)
                var found: [UInt64] = []
                let start = Int(range.lowerBound) - ContentBorders.windowBytes
                content[start..<Int(range.upperBound)].withUnsafeBytes {
                    search.feed($0) {
                        found.append($0)
                        return false
                    }
                }
                file.add(found, upTo: range.upperBound, nextChunk: UInt64(offset))
            case .wait: Issue.record("nothing is under way")
            }
        }
        return lengths
    }

    @Test func theBordersNeverChange() {
        // Another hash, or other random numbers, would move the borders of files written before.
        #expect(lengths(bytes(20_000), mostBytes: 4096) == Self.known)
    }

    @Test(arguments: [1024, 4096, 100_000]) func chunksKeepTheirLimits(mostBytes: Int) {
        let content = bytes(300_000)
        let lengths = lengths(content, mostBytes: mostBytes)
        #expect(lengths.reduce(0, +) == content.count)
        #expect(lengths.dropLast().allSatisfy { mostBytes / 4...mostBytes ~= $0 })
        #expect(lengths.count(where: { $0 == mostBytes }) * 4 < lengths.count + 4)
    }

    @Test func theSearchDistanceChangesNothing() {
        let content = bytes(200_000)
        let expected = lengths(content, mostBytes: 8192)
        for leadChunks in [2, 3, 51] {
            #expect(lengths(content, mostBytes: 8192, leadChunks: leadChunks) == expected)
        }
    }

    @Test func aByteThatIsInsertedMovesFewBorders() {
        let content = bytes(400_000)
        let changed = Array(content[..<1000]) + [7] + content[1000...]
        func ends(_ lengths: [Int]) -> [Int] { lengths.indices.map { lengths[...$0].reduce(0, +) } }
        let before = Set(ends(lengths(content, mostBytes: 4096)).map { $0 + 1 })
        let after = ends(lengths(changed, mostBytes: 4096))
        // Cells do not move, so a match that shares its cell with another may appear or disappear.
        #expect(after.count(where: { !before.contains($0) }) * 10 < after.count)
    }

    @Test func repetitiveContentHasOneMatchACell() {
        let borders = ContentBorders(mostBytes: 1 << 20)
        let period = bytes(512)
        let content = (0..<4096).flatMap { _ in period }
        var search = MatchSearch(borders, from: borders.cellBytes)
        var found: [UInt64] = []
        content[(Int(borders.cellBytes) - ContentBorders.windowBytes)...].withUnsafeBytes {
            search.feed($0) {
                found.append($0 / borders.cellBytes)
                return false
            }
        }
        #expect(Set(found).count == found.count)
    }
}
