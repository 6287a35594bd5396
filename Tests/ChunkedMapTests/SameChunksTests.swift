import TestSupport
import Testing

/// The library's chunks equal those of the command with the same options.
@Suite(.serialized)
struct SameChunksTests {
    /// Options of `poolmap map`, and the alphabets of the random data for which they are tested.
    static let cuts: [([String], String)] = [
        ([], "ab"), (["--lines"], "abc\n"), (["--lines"], "abcdefghijklmnopqrstuvwxyz\r\n"), (["-0"], "ab\0"),
        (["--separator", "aba"], "ab"), (["--csv"], "ab,\n\n\""), (["--record-start", "^>"], "abc>\n"),
        (["--record-size", "7"], "ab"),
    ]

    @Test(arguments: cuts) func chunksAreThoseOfPoolmapMap(options: [String], alphabet: String) async throws {
        var generator = SeededGenerator(for: "same chunks, \(options), \(alphabet)")
        let letters = Array(alphabet.utf8)
        for (count, chunkBytes, records) in [
            (0, 100, 0), (1, 100, 0), (99, 100, 0), (100, 100, 0), (101, 100, 0), (5000, 100, 0), (60, 1, 0),
            (5000, 100, 3), (3000, 700, 40),
        ] where records == 0 || !options.isEmpty {
            let content = (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
            try await withFile(content) { path in
                let size = "\(chunkBytes)"
                let chunks = try await output(
                    of: [program(named: "scenarios"), "--chunks", path, size, "\(records)"] + options)
                let told = ["sh", "-c", "echo $POOLMAP_CHUNK_INDEX $POOLMAP_CHUNK_OFFSET $POOLMAP_CHUNK_LENGTH"]
                let expected = try await output(
                    of: [program(named: "poolmap"), "map", "-j2", "--chunk-size", size] + options
                        + (records > 0 ? ["--records", "\(records)"] : []) + [path, "--"] + told)
                #expect(chunks == expected, "\(count) bytes, chunks of \(chunkBytes), \(records) records")
            }
        }
    }
}
