import Files
import Ground

/// Reads a report as docs/report.md describes it, and writes it in another format.
package struct ReportReader {
    private var format: any ReportFormat
    private let file: LineFile
    /// All members but `files`.
    private var members: [(String, JSONText)] = []
    private var hasFiles = false

    private init(_ format: any ReportFormat, _ file: LineFile) {
        self.format = format
        self.file = file
    }

    /// Writes a report as a page; the caller commits the file.
    ///
    /// Blocks. Throws `damaged` if it is not a report, `unsupported` if it is one of another version.
    package static func writePage(of report: InputFile, to file: LineFile) throws(PoolmapError) {
        var json = JSONReader { (space) throws(PoolmapError) in try report.readSome(into: space) }
        var reader = ReportReader(ReportPage(), file)
        try reader.read(&json)
    }

    private mutating func read(_ json: inout JSONReader) throws(PoolmapError) {
        try format.begin([], to: file)
        try json.forEachMember { (name, json) throws(PoolmapError) in
            guard name == "files" else { return members.append((name, try json.value())) }
            guard !hasFiles else { throw .damaged("is not a report: files is there twice") }
            hasFiles = true
            try json.forEachElement { (json) throws(PoolmapError) in
                try format.add(try ReportedFile(&json), to: file)
            }
        }
        try json.requireEnd()
        try requireReport()
        try format.end(members, to: file)
    }

    private func requireReport() throws(PoolmapError) {
        let fields = try ReportMembers(.object(members), "the report")
        guard let schema = try fields.optionalString("schema"), schema.hasPrefix("poolmap-report/") else {
            throw .damaged("is not a report: its schema is not poolmap-report/1")
        }
        guard schema == "poolmap-report/1" else {
            throw PoolmapError(.unsupported, "is a report of another version, \(schema)")
        }
        guard hasFiles else { throw .damaged("is not a report: files is missing") }
        for name in ["poolmap", "command", "libzstd"] { _ = try fields.string(name) }
        _ = try fields.number("startedUnixNanoseconds")
        for name in ["options", "totals"] {
            guard case .object = try fields.result(name) else {
                throw .damaged("is not a report: \(name) of the report is not an object")
            }
        }
        let totals = try ReportMembers(try fields.result("totals"), "the totals")
        for name in totalNames { _ = try totals.number(name) }
        try requireMainProcess(try fields.result("mainProcess"))
        _ = try fields.result("machine")
    }

    /// Checks how the main process spent its time; reports of older versions lack it.
    private func requireMainProcess(_ json: JSONText) throws(PoolmapError) {
        guard case .object(let members) = json else { return }
        let fields = try ReportMembers(json, "mainProcess")
        guard try fields.number("bucketNanoseconds") > 0 else {
            throw .damaged("is not a report: bucketNanoseconds of mainProcess is 0")
        }
        for (name, value) in members where name != "bucketNanoseconds" {
            guard case .array(let counts) = value else {
                throw .damaged("is not a report: \(name) of mainProcess is not an array")
            }
            for case let count in counts {
                guard case .number = count else {
                    throw .damaged("is not a report: \(name) of mainProcess is not an array of numbers")
                }
            }
        }
    }
}

private let totalNames = [
    "files", "failed", "inputBytes", "outputBytes", "chunks", "repeatedTries", "workNanoseconds", "wallNanoseconds",
]
