import Glibc
import TestSupport
import Testing

/// The programs of the folder Examples that map files, each held against what the tools of a Unix system say.
@Suite(.serialized)
struct RealUseTests {
    /// Small chunks make many of a small file; the last size makes one.
    static let chunkSizes = [100, 4096, 1 << 16, 8 << 20]

    /// Runs a program that is to succeed; its output.
    func output(of command: [String]) async throws -> String {
        let result = try await run(command)
        #expect(result.status == 0, "\(command): \(result.output)")
        return result.output
    }

    /// A file with a content, for as long as `body` runs.
    func withFile(_ content: [UInt8], _ body: (String) async throws -> Void) async throws {
        var path = Array("/tmp/chunked-map-XXXXXX".utf8CString)
        let number = mkstemp(&path)
        try #require(number >= 0)
        defer { unlink(path) }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
        close(number)
        try await body(String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    // MARK: Words

    /// Prose of sorts: lines of words of several lengths, empty ones, tabs, CRLF, and no final newline.
    private func prose() -> [UInt8] {
        var generator = SeededGenerator(for: "prose")
        let blanks = [" ", " ", " ", "  ", "\t", "\n", "\n", "\r\n", "\n\n"]
        var text = ""
        for _ in 0..<60_000 {
            text += String(repeating: "x", count: Int.random(in: 1...12, using: &generator))
            text += blanks[Int.random(in: 0..<blanks.count, using: &generator)]
        }
        return Array((text + "end").utf8)
    }

    @Test func wordsAreCountedAsWcCountsThem() async throws {
        for content in [prose(), [], Array("one".utf8), Array("\n".utf8)] {
            try await withFile(content) { path in
                let expected = try await output(of: ["sh", "-c", "LC_ALL=C wc -w < \(path)"])
                for size in RealUseTests.chunkSizes {
                    #expect(try await output(of: [program(named: "WordCount"), path, "\(size)"]) == expected)
                }
            }
        }
    }
}
