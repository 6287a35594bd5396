import Files
import Glibc
import Ground
import TestSupport
import Testing

@testable import RunReport

/// The page of a run is the same whether it is made of the run's values or of the JSON that these were written to.
@Suite struct ReportPageTests {
    private let head: [(String, JSONText)] = [
        ("schema", .string("poolmap-report/1")), ("poolmap", .string("1.0")), ("command", .string("compress")),
        ("options", .object([("jobs", .number(2)), ("zstd", .string("</script><!--"))])), ("libzstd", .string("1.5")),
        ("startedUnixNanoseconds", .number(5)),
    ]
    private let tail: [(String, JSONText)] = [
        (
            "totals",
            .object(
                [
                    "files", "failed", "inputBytes", "outputBytes", "chunks", "repeatedTries", "workNanoseconds",
                    "wallNanoseconds",
                ].map { ($0, .number(7)) })
        )
    ]

    /// Names of every kind, chunks with every result, and numbers at the ends of their types.
    private var files: [ReportedFile] {
        let names = [
            "a", "a.zst", "</script><script>alert(1)</script>", "<!--<script>", "line\nbreak", "\u{202E}\"\\", "é😀",
            "é😁",
            FileName.text(of: [0x61, 0xFF, 0xFE]), FileName.text(of: [0x61, 0xFF, 0x80]), "", "e\u{301}", "e\u{300}",
        ]
        let error = JSONText.object([("code", .string("failed")), ("message", .string("<b>no"))])
        let results: [JSONText] = [
            .null, .object([("bytes", .number(9))]), .object([("kept", .bool(true))]), .object([("error", error)]),
            .object([("bytes", .number(.max)), ("attempts", .number(3)), ("error", error)]),
        ]
        return names.enumerated().map { place, name in
            var file = ReportedFile(
                input: name, output: place == 3 ? nil : place % 2 == 0 ? name + ".zst" : "out/" + name, status: "done",
                error: place == 4 ? error : .null, inputBytes: place == 5 ? nil : 10, outputBytes: .max)
            file.pieces = results.enumerated().map { number, result in
                ReportedPiece(
                    index: UInt64(number), count: number == 2 ? 8 : 1,
                    offset: number == 3 ? .max : UInt64(number) * 100,
                    length: 100, result: result, worker: UInt64(1000 + number % 3),
                    startNanoseconds: UInt64(number) * 5999,
                    durationNanoseconds: number == 4 ? .max : 5000, tries: 1,
                    queuedNanoseconds: number == 0 ? nil : 1000, takenNanoseconds: number == 0 ? nil : .max)
            }
            return file
        }
    }

    private func written(_ format: any ReportFormat, to path: String) throws -> [UInt8] {
        var format = format
        let file = try LineFile(path: path, force: true)
        try format.begin(head, to: file)
        for one in files { try format.add(one, to: file) }
        try format.end(tail, to: file)
        try file.commit()
        return try content(of: path)
    }

    private func content(of path: String) throws -> [UInt8] {
        try InputFile.open(path: path).readBytes(at: 0, count: Int(FileStatus(ofPath: path)?.byteCount ?? 0))
    }

    @Test func ofTheRunAndOfItsReportItIsTheSamePage() throws {
        try withTemporaryFolder { folder in
            let direct = try written(ReportPage(), to: folder + "/direct.html")
            _ = try written(JSONReport(), to: folder + "/run.json")
            let file = try LineFile(path: folder + "/made.html", force: false)
            try ReportReader.writePage(of: try InputFile.open(path: folder + "/run.json"), to: file)
            try file.commit()
            #expect(try content(of: folder + "/made.html") == direct)
        }
    }

    @Test func nothingInItsDataEndsTheScriptThatHoldsIt() throws {
        var page = ""
        try withTemporaryFolder { folder in
            page = String(decoding: try written(ReportPage(), to: folder + "/page.html"), as: UTF8.self)
        }
        let start = try #require(page.firstRange(of: "id=\"report-data\">")).upperBound
        let data = page[start...].prefix { $0 != "<" }
        #expect(page[data.endIndex...].hasPrefix("</script>\n<script>"))
        #expect(data.hasSuffix("}"))
        // It is JSON as it stands.
        var reader = JSONReader(Array(data.utf8))
        var count = 0
        try reader.forEachMember { (name, reader) throws(PoolmapError) in
            guard name == "files" else { return _ = try reader.value() }
            try reader.forEachElement { (reader) throws(PoolmapError) in
                _ = try reader.value()
                count += 1
            }
        }
        try reader.requireEnd()
        #expect(count == files.count)
    }

    @Test func eachNameIsStoredAsWhatDiffersFromAnother() {
        var rows = PageRows()
        func row(_ input: String, _ output: String?) -> String {
            String(decoding: rows.row(of: ReportedFile(input: input, output: output, status: "done")), as: UTF8.self)
        }
        #expect(row("src/one", "src/one.zst") == "\n[[0, \"src/one\"],[7, \".zst\"],\"done\",null,null,[]]")
        #expect(row("src/owl", "out/owl.zst") == ",\n[[5, \"wl\"],[0, \"out/owl.zst\"],\"done\",null,null,[]]")
        #expect(row("src/owls", "out/owls.zst") == ",\n[[7, \"s\"],[7, \"s.zst\", 1],\"done\",null,null,[]]")
        #expect(row("\u{1F600}a", nil) == ",\n[[0, \"\u{1F600}a\"],null,\"done\",null,null,[]]")
        // A character of two code units, and a byte that is one surrogate.
        #expect(row("\u{1F600}b", nil) == ",\n[[2, \"b\"],null,\"done\",null,null,[]]")
        let odd = FileName.text(of: [0x61, 0xFF])
        #expect(row(odd, odd + "x") == ",\n[[0, \"a\\udcff\"],[2, \"x\"],\"done\",null,null,[]]")
    }
}
