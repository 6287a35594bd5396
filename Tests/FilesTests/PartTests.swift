import Testing

@testable import Files

/// How an input is cut into parts.
@Suite struct PartTests {
    private static let counts = [1, 2, 3, 7, 40, 1000]
    private static let sizes: [UInt64] = [
        0, 1, 2, 6, 7, 39, 40, 41, 999, 1000, 1001, 65535, 1 << 20, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63,
        .max - 1, .max,
    ]

    private func part(_ number: Int, of count: Int) throws -> Part {
        try #require(Part(number, of: count))
    }

    @Test func onlyExistingPartsAreValid() {
        for (number, count) in [
            (0, 4), (5, 4), (1, 0), (0, 0), (-1, 4), (1, -1), (1, Part.most + 1), (Int.max, Int.max), (Int.min, 1),
        ] {
            #expect(Part(number, of: count) == nil, "\(number)/\(count)")
        }
        #expect(Part(1, of: 1) != nil)
        #expect(Part(Part.most, of: Part.most) != nil)
    }

    @Test(arguments: counts, sizes)
    func sharesAreContiguousAndOfEqualSize(_ count: Int, _ byteCount: UInt64) throws {
        var end: UInt64 = 0
        var lengths: Set<UInt64> = []
        for number in 1...count {
            let share = try part(number, of: count).share(of: byteCount)
            #expect(share.lowerBound == end)
            end = share.upperBound
            lengths.insert(share.upperBound - share.lowerBound)
        }
        #expect(end == byteCount)
        let least = byteCount / UInt64(count)
        #expect(lengths.allSatisfy { $0 >= least && $0 - least <= 1 })
    }

    @Test func theLastOfTheMostPartsEndsWithTheInput() throws {
        for byteCount in PartTests.sizes {
            let (first, last) = (try part(1, of: Part.most), try part(Part.most, of: Part.most))
            #expect(first.share(of: byteCount).lowerBound == 0)
            #expect(last.share(of: byteCount).upperBound == byteCount)
            #expect(
                try part(Part.most - 1, of: Part.most).share(of: byteCount).upperBound
                    == last.share(of: byteCount).lowerBound)
        }
    }

    @Test(arguments: counts, sizes)
    func sharesInPiecesHaveThePiecesThatBeginInThem(_ count: Int, _ byteCount: UInt64) throws {
        for pieceBytes: UInt64 in [1, 2, 4096, 4 << 20, 1 << 32, (1 << 63) + 1, .max] {
            var end: UInt64 = 0
            for number in 1...count {
                let part = try part(number, of: count)
                let (share, pieces) = (part.share(of: byteCount), part.share(of: byteCount, inPiecesOf: pieceBytes))
                #expect(pieces.lowerBound == end)
                end = pieces.upperBound
                #expect(pieces.lowerBound % pieceBytes == 0 || pieces.lowerBound == byteCount)
                guard !pieces.isEmpty else { continue }
                #expect(share.contains(pieces.lowerBound))
                let last = (pieces.upperBound - 1) / pieceBytes * pieceBytes
                #expect(share.contains(last))
            }
            #expect(end == byteCount)
        }
    }

    @Test(arguments: [
        "out", "folder/out.zst", "a.part-1-of-2", "a.", ".", "-", "a-b-c-d", "", "\u{1F468}\u{200D}\u{1F469}.e\u{301}",
        "out.part-1-of-2.part-2-of-2",
    ])
    func aPathNamesItsPartAndItsTarget(_ target: String) throws {
        for (number, count) in [(1, 1), (3, 16), (16, 16), (10, 100), (Part.most, Part.most)] {
            let part = try part(number, of: count)
            let named = try #require(Part.named(by: target + part.suffix))
            #expect(named.part == part)
            #expect(named.target == target)
        }
    }

    @Test(arguments: [
        "", "out", "out.zst", ".part", "out.part-", "out.part-1", "out.part-1-of", "out.part-1-of-", "out.part-0-of-4",
        "out.part-5-of-4", "out.part-1-of-0", "out.part-01-of-4", "out.part-1-of-04", "out.part-+1-of-4",
        "out.part--1-of-4", "out.part-1-of-4 ", "out.part-1-of-4.zst", "out.part-1-von-4", "out.teil-1-of-4",
        "out-part-1-of-4", "out.part-1-of-4-", "out.part-1-of-4/", "out.part-\u{661}-of-4", "out.Part-1-of-4",
        "out.part-1-of-1000001", "out.part-99999999999999999999-of-4", "out.part-1-of-4\u{301}", "out.part-1-of-4\0",
    ])
    func otherPathsNameNoPart(_ path: String) {
        #expect(Part.named(by: path) == nil)
    }
}
