import TestSupport
import Testing

/// Compares the programs of the folder Examples that map files with the tools of a Unix system.
@Suite(.serialized)
struct RealUseTests {
    /// Small chunks divide a small file into many; the last size makes a single one.
    static let chunkSizes = [100, 4096, 1 << 16, 8 << 20]

    // MARK: Words

    /// Random prose: lines of words of several lengths, empty lines, tabs, CRLF, and no final newline.
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

    // MARK: JSON lines

    /// The log of a service: nested objects, escapes, non-ASCII letters, members in any order.
    private func events() -> [UInt8] {
        var generator = SeededGenerator(for: "events")
        let messages = ["ok", #"a \"quoted\" word"#, #"C:\\temp \u00e9"#, "größer", #"line\nbreak"#]
        var text = ""
        for number in 0..<8000 {
            let status = [200, 204, 301, 404, 500, 502, 503][Int.random(in: 0..<7, using: &generator)]
            let message = messages[Int.random(in: 0..<messages.count, using: &generator)]
            text +=
                Bool.random(using: &generator)
                ? #"{"id": \#(number), "status": \#(status), "message": "\#(message)"}"# + "\n"
                : #"{"message":"\#(message)","context":{"status":999,"tags":["a","b"]},"status":\#(status)}"# + "\n"
        }
        return Array(text.utf8)
    }

    @Test func jsonLinesAreFilteredAsPythonFiltersThem() async throws {
        let filter = """
            import json, sys
            for line in open(sys.argv[1], 'rb'):
                if json.loads(line)['status'] >= 500: sys.stdout.buffer.write(line)
            """
        try await withFile(events()) { path in
            let expected = try await output(of: ["python3", "-c", filter, path])
            #expect(expected.utf8.count(where: { $0 == 0x0A }) > 1000)
            for size in RealUseTests.chunkSizes {
                #expect(try await output(of: [program(named: "FilterJSONLines"), path, "\(size)"]) == expected)
            }
        }
    }

    @Test func anInvalidJSONLineFailsWithItsChunk() async throws {
        try await withFile(events() + Array("{]\n".utf8)) { path in
            let result = try await run([program(named: "FilterJSONLines"), path, "4096"])
            #expect(result.status != 0)
            #expect(result.output.contains("\(path): chunk "), "\(result.output.suffix(500))")
        }
    }

    // MARK: CSV

    /// Orders: items that contain commas, quotes and line ends, in rows that end with CRLF or a line feed.
    private func orders(_ lineEnd: String) -> [UInt8] {
        var generator = SeededGenerator(for: "orders")
        let items = ["tea", "\"bread, brown\"", "\"a \"\"large\"\" cup\"", "\"two\nlines\"", "\"\"", "käse"]
        var text = "order,item,quantity,price" + lineEnd
        for number in 0..<6000 {
            let item = items[Int.random(in: 0..<items.count, using: &generator)]
            let quantity = Int.random(in: 1...99, using: &generator)
            text += "\(number),\(item),\(quantity),\(Int.random(in: 1...9999, using: &generator))" + lineEnd
        }
        return Array(text.utf8)
    }

    @Test(arguments: ["\n", "\r\n"]) func csvIsTransformedAsPythonTransformsIt(lineEnd: String) async throws {
        let transform = """
            import csv, sys
            writer = csv.writer(sys.stdout, lineterminator='\\n')
            rows = csv.reader(open(sys.argv[1], newline=''))
            next(rows)
            writer.writerow(['item', 'total'])
            for order, item, quantity, price in rows: writer.writerow([item, int(quantity) * int(price)])
            """
        try await withFile(orders(lineEnd)) { path in
            let expected = try await output(of: ["python3", "-c", transform, path])
            for size in RealUseTests.chunkSizes {
                #expect(try await output(of: [program(named: "TransformCSV"), path, "\(size)"]) == expected)
            }
        }
    }

    // MARK: FASTA

    /// Sequences of up to some thousand bases in lines of 60, with unknown bases and small letters; `>` within a line.
    private func genome() -> [UInt8] {
        var generator = SeededGenerator(for: "genome")
        let letters = Array("AACCGGTTACGTACGTacgtN".utf8)
        var bytes: [UInt8] = []
        for number in 0..<150 {
            bytes += Array(">sequence\(number) of > some kind\n".utf8)
            let sequence = (0..<Int.random(in: 0...3000, using: &generator)).map { _ in
                letters[Int.random(in: 0..<letters.count, using: &generator)]
            }
            for start in stride(from: 0, to: sequence.count, by: 60) {
                bytes += sequence[start..<min(start + 60, sequence.count)] + [0x0A]
            }
        }
        return bytes
    }

    @Test func kmersAreCountedAsPythonCountsThem() async throws {
        let count = """
            import collections, re, sys
            counts = collections.Counter()
            for record in re.split('^>.*\\n', open(sys.argv[1]).read(), flags=re.M):
                sequence = record.replace('\\n', '').upper()
                for start in range(len(sequence) - 7):
                    kmer = sequence[start:start + 8]
                    if not set(kmer) - set('ACGT'): counts[kmer] += 1
            for kmer in sorted(counts): print(kmer, counts[kmer])
            """
        try await withFile(genome()) { path in
            let expected = try await output(of: ["python3", "-c", count, path])
            #expect(expected.utf8.count(where: { $0 == 0x0A }) > 10_000)
            for size in RealUseTests.chunkSizes where size > 1000 {
                #expect(try await output(of: [program(named: "CountKmers"), path, "\(size)"]) == expected)
            }
        }
    }

    // MARK: Tasks

    @Test func aProgramWithTasksCountsWordsOfSeveralFilesAtOnce() async throws {
        try await withFile(prose()) { one in
            try await withFile(Array("three little words\n".utf8)) { other in
                let count = try await output(of: ["sh", "-c", "LC_ALL=C wc -w < \(one)"])
                let lines = try await output(of: [program(named: "AsyncWordCount"), one, other])
                let expected = [(one, Int(count.dropLast()) ?? -1), (other, 3)].sorted { $0.0 < $1.0 }
                #expect(lines == expected.map { "\($0.1) \($0.0)\n" }.joined())
            }
        }
    }
}
