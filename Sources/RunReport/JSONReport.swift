import Files
import Ground

/// The format that a file name asks for: a page if it ends in `.html`, else JSON.
package func reportFormat(forFile path: String) -> any ReportFormat {
    path.hasSuffix(".html") ? ReportPage() : JSONReport()
}

/// The report that docs/report.md describes.
struct JSONReport: ReportFormat {
    private var hasFile = false

    init() {}

    mutating func begin(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError) {
        try file.write("\(JSONText.object(members).text.dropLast()), \"files\": [")
    }

    mutating func add(_ reported: ReportedFile, to file: LineFile) throws(PoolmapError) {
        try file.write("\(hasFile ? "," : "")\n\(reported.json.text)")
        hasFile = true
    }

    mutating func end(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError) {
        try file.write("\n], \(JSONText.object(members).text.dropFirst())\n")
    }
}

extension LineFile {
    fileprivate func write(_ text: String) throws(PoolmapError) {
        try write(Array(text.utf8))
    }
}
