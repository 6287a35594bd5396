import ChunkedMap
@preconcurrency import Glibc
import Multiprocessing

/// Counts bytes and how many chunks its worker has seen: a function whose properties are arguments and state.
struct CountByte: ChunkFunction {
    let byte: UInt8
    private var chunkCount = 0
    private var isPrepared = false

    struct Result: Codable, Sendable {
        let count: Int
        let chunkCount: Int
        let isPrepared: Bool
    }

    init(_ byte: UInt8) {
        self.byte = byte
    }

    mutating func prepare() {
        isPrepared = true
    }

    mutating func callAsFunction(_ chunk: borrowing Chunk) -> Result {
        chunkCount += 1
        let byte = byte
        let count = chunk.bytes.withUnsafeBytes { $0.count { $0 == byte } }
        return Result(count: count, chunkCount: chunkCount, isPrepared: isPrepared)
    }
}

func chunkMapScenarios() {
    scenario("chunksAreTheWholeFileInOrder") {
        var generator = SeededGenerator(seed: printedSeed())
        let cuts: [(Cut, String)] = [
            (.bytes, "ab\n"), (.lines, "abc\n"), (.nul, "a\0"), (.separator(Array("\r\n".utf8)), "a\r\n"),
            (.csv, "a,\n\""), (.recordStart("^>"), "a>\n"), (.recordBytes(3), "abc"), (.separator([1]), "ab"),
        ]
        let pool = try ChunkPool(processes: 2) { SeenChunk($0) }
        for (cut, alphabet) in cuts {
            for count in [0, 1, 31, 32, 33, 500] {
                let letters = Array(alphabet.utf8)
                let content = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
                try withFile(content) { path in
                    for recordCount in cut == .bytes ? [nil] : [nil, 2] {
                        let file = try ChunkedFile(path, cut: cut, chunkBytes: 32, recordCount: recordCount)
                        expectWhole(try pool.map(file), content, "\(cut), \(count) bytes, \(recordCount ?? 0) records")
                    }
                }
            }
        }
    }
    scenario("aChunkEndsAfterTheFirstSeparatorAtOrAfterItsCut") {
        try withFile(Array("aaaa\nbb\nc\ndddddddd\nee".utf8)) { path in
            let file = try ChunkedFile(path, cut: .lines, chunkBytes: 4)
            let chunks = try file.map(processes: 2) { String(decoding: SeenChunk($0).bytes, as: UTF8.self) }
            expectEqual(chunks, ["aaaa\n", "bb\nc\n", "dddddddd\n", "ee"])
        }
    }
    scenario("anEmptyFileHasOneEmptyChunk") {
        try withFile([]) { path in
            for cut in [Cut.bytes, .lines, .csv, .recordStart("x"), .recordBytes(7)] {
                expectEqual(try ChunkedFile(path, cut: cut).map(processes: 1) { $0.bytes.byteCount }, [0])
            }
        }
    }
    scenario("linesOfAChunkComeWithoutTheirLineFeeds") {
        for (text, lines) in [
            ("", []), ("\n", [""]), ("a", ["a"]), ("a\r\n\n\nb", ["a\r", "", "", "b"]), ("a\nb\n", ["a", "b"]),
        ] {
            try withFile(Array(text.utf8)) { path in
                let seen = try ChunkedFile(path, cut: .lines).map(processes: 1) { chunk in
                    var lines: [String] = []
                    chunk.forEachLine { line in
                        lines.append(line.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
                    }
                    return lines
                }
                expectEqual(seen, [lines])
            }
        }
    }
    scenario("outputsComeInOrderWhereTheFirstChunkIsTheSlowest") {
        try withFile(numberedLines(500)) { path in
            let others = Doorbell()
            let file = try ChunkedFile(path, cut: .lines, chunkBytes: 1000)
            let indices = try file.map(processes: 2) { chunk in
                // The first one ends when the other worker has begun the third.
                if chunk.index == 0 { expect(others.wait(), "no ring came") }
                if chunk.index == 2 { others.ring() }
                return chunk.index
            }
            expect(indices.count > 4, "there are \(indices.count) chunks")
            expectEqual(indices, Array(indices.indices))
        }
    }
    scenario("outputsAreCombinedInOrder") {
        try withFile(numberedLines(300)) { path in
            let file = try ChunkedFile(path, cut: .lines, chunkBytes: 100)
            let text = try file.reduce(into: [], processes: 2, { SeenChunk($0).bytes }, { $0 += $1 })
            expectEqual(text, numberedLines(300))
            let pool = try ChunkPool(processes: 2) { SeenChunk($0).bytes }
            expectEqual(try pool.reduce(file, [], +), numberedLines(300))
        }
    }
    scenario("noMoreChunksAreInFlightThanTheWindowAllows") {
        try withFile(numberedLines(1000)) { path in
            let begun = SharedCounter()
            let pool = try ChunkPool(processes: 2) { chunk in
                begun.add(1)
                return chunk.index
            }
            let results = try pool.imap(try ChunkedFile(path, cut: .lines, chunkBytes: 100), inFlight: 3)
            for taken in 1...20 {
                expectEqual(try results.next(), taken - 1)
                expect(begun.value <= taken + 3, "\(begun.value) chunks were begun, \(taken) taken")
            }
        }
    }
    scenario("twoMapsOfOnePoolGoOnSideBySide") {
        try withFile(numberedLines(1000)) { path in
            let pool = try ChunkPool(processes: 2) { $0.offset }
            let one = try pool.imap(try ChunkedFile(path, cut: .lines, chunkBytes: 100))
            let other = try pool.imap(try ChunkedFile(path, cut: .bytes, chunkBytes: 100))
            var seen: [[UInt64]] = [[], []]
            while let offset = try other.next() {
                seen[1].append(offset)
                if let offset = try one.next() { seen[0].append(offset) }
            }
            while let offset = try one.next() { seen[0].append(offset) }
            expectEqual(seen[1], (0..<seen[1].count).map { UInt64($0 * 100) })
            expectEqual(seen[0], seen[0].sorted())
            expect(seen[0].count > 80, "one has \(seen[0].count)")
        }
    }
    scenario("mapsLeaveNoDescriptorBehind") {
        try withFile(numberedLines(100)) { path in
            let pool = try ChunkPool(processes: 1) { _ in openDescriptors().count }
            let first = try pool.map(try ChunkedFile(path, cut: .lines))
            let own = openDescriptors().count
            for _ in 0..<100 {
                // Including the one of the previous map, which the worker may not have been told to close yet.
                expect(try pool.map(try ChunkedFile(path, cut: .lines))[0] <= first[0] + 1, "the worker has more")
            }
            expectEqual(openDescriptors().count, own)
        }
    }
    scenario("anAbandonedMapIsCancelledAndThePoolStillWorks") {
        try withFile(numberedLines(1000)) { path in
            let isBegun = Doorbell()
            let pool = try ChunkPool(processes: 2) { chunk in
                if chunk.bytes.byteCount == 100 {
                    isBegun.ring()
                    while true { pause() }
                }
                return chunk.index
            }
            do {
                let results = try pool.imap(try ChunkedFile(path, cut: .bytes, chunkBytes: 100))
                withExtendedLifetime(results) { expect(isBegun.wait(), "no chunk was begun") }
            }
            expectEqual(try pool.map(try ChunkedFile(path, cut: .lines)), [0])
        }
    }
    for method in StartMethod.allCases {
        scenario("aPoolOfAFunctionThatIsAType", by: method) {
            try withFile(numberedLines(1000)) { path in
                let pool = try ChunkPool(startMethod: method, processes: 2, CountByte(UInt8(ascii: "\n")))
                let results = try pool.map(try ChunkedFile(path, cut: .lines, chunkBytes: 500))
                expectEqual(results.map(\.count).reduce(0, +), 1000)
                expect(results.allSatisfy(\.isPrepared), "a worker was not prepared")
                expect(results.contains { $0.chunkCount > 1 }, "no worker kept its state")
            }
        }
    }
}
