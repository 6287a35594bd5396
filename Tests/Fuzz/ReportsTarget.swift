@testable import Files
@testable import Ground
@testable import RunReport

extension FuzzTarget {
    /// Reports: JSON is read again from what was written of it, and nothing in a report breaks out of its page.
    static let reports = FuzzTarget(
        name: "reports", mostBytes: 4096, leastEdges: 960,
        seeds: {
            [
                report(files: "[\(file)]"), report(files: "[]"), file,
                "[1e-3, -0.5, \"\\ud83d\\ude00\\udc80<\\u2028\", true]",
            ]
            .map { Array($0.utf8) }
        },
        run: { bytes in
            readJSON(Array(bytes))
            makeRow(Array(bytes))
            makePage(bytes)
        })

    private static let chunk = """
        {"index": 0, "count": 1, "offset": 0, "length": 7, "result": {"bytes": 5, "attempts": 2}, "worker": 12, \
        "startNanoseconds": 1000, "durationNanoseconds": 2000, "tries": 1, "queuedNanoseconds": 10, \
        "takenNanoseconds": null}
        """

    private static let file = """
        {"input": "a</script>\\udcff", "output": "a.zst", "status": "done", "error": null, "inputBytes": 7, \
        "outputBytes": null, "digests": ["00"], "salvage": null, "chunks": [\(chunk), \(chunk)]}
        """

    private static func report(files: String) -> String {
        """
        {"schema": "poolmap-report/1", "poolmap": "0", "command": "compress", "options": {}, "libzstd": "1", \
        "startedUnixNanoseconds": 1, "mainProcess": {"bucketNanoseconds": 5, "idle": [1, 2]}, "files": \(files), \
        "totals": {"files": 1, "failed": 0, "inputBytes": 7, "outputBytes": 5, "chunks": 1, "repeatedTries": 0, \
        "workNanoseconds": 1, "wallNanoseconds": 2}}
        """
    }

    private static func readJSON(_ bytes: [UInt8]) {
        var reader = JSONReader(bytes)
        guard let text = try? reader.value().text else { return }
        var again = JSONReader(Array(text.utf8))
        guard let value = try? again.value(), (try? again.requireEnd()) != nil else {
            return require(false, "what was written is not read again: \(text)")
        }
        require(value.text == text, "\(text) was read again as \(value.text)")
    }

    private static func makeRow(_ bytes: [UInt8]) {
        var reader = JSONReader(bytes)
        guard let file = try? ReportedFile(&reader) else { return }
        var rows = PageRows()
        for isFirst in [true, false] {
            let row = rows.row(of: file)
            require(!row.contains(UInt8(ascii: "<")), "a row has <")
            var again = JSONReader(Array(row.dropFirst(isFirst ? 0 : 1)))
            require((try? again.value()) != nil && (try? again.requireEnd()) != nil, "a row is not JSON")
        }
    }

    private static func makePage(_ bytes: UnsafeRawBufferPointer) {
        guard let report = try? InputFile.open(path: ScratchFiles.path(to: bytes)),
            let page = try? LineFile(path: "/dev/null", force: true)
        else { return require(false, "no scratch files") }
        try? ReportReader.writePage(of: report, to: page)
    }
}
