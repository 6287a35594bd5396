import CRunReport
import Files
import Ground

/// Writes the report of a run as one self-contained HTML page.
///
/// The page itself is in `Sources/CRunReport/page`. This puts the data into it: a JSON object with `files`, and with the
/// report's other members in `run`. `data.js` reads what `PageRows` writes.
struct ReportPage: ReportFormat {
    private var head: [(String, JSONText)] = []
    private var rows = PageRows()

    init() {}

    mutating func begin(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError) {
        head = members
        let (html, style) = (PageText(poolmap_page_html()), PageText(poolmap_page_style()))
        try file.write(html.upTo("<!-- style -->"))
        try file.write(style.all)
        try file.write(html.between("<!-- style -->", "<!-- data -->"))
        try file.write(Array("{\"files\":[".utf8))
    }

    mutating func add(_ reported: ReportedFile, to file: LineFile) throws(PoolmapError) {
        try file.write(rows.row(of: reported))
    }

    mutating func end(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError) {
        let html = PageText(poolmap_page_html())
        let run = JSONText.object(head + members + [("workers", rows.workers)])
        try file.write(pageSafe("],\"run\":\(run.text)}"))
        try file.write(html.between("<!-- data -->", "<!-- script -->"))
        try file.write(PageText(poolmap_page_script()).all)
        try file.write(html.after("<!-- script -->"))
    }
}

/// A part of the page that is embedded in the program.
private struct PageText {
    private let bytes: UnsafeRawBufferPointer

    init(_ text: poolmap_page_text) {
        bytes = UnsafeRawBufferPointer(start: text.bytes, count: text.count)
    }

    var all: [UInt8] { Array(bytes) }

    func upTo(_ mark: String) -> [UInt8] { Array(bytes[..<place(of: mark).lowerBound]) }

    func between(_ first: String, _ second: String) -> [UInt8] {
        Array(bytes[place(of: first).upperBound..<place(of: second).lowerBound])
    }

    func after(_ mark: String) -> [UInt8] { Array(bytes[place(of: mark).upperBound...]) }

    private func place(of mark: String) -> Range<Int> {
        let wanted = Array(mark.utf8)
        let start = bytes.indices.first { bytes[$0] == wanted[0] && bytes[$0...].starts(with: wanted) }
        guard let start else { preconditionFailure("report.html has no \(mark)") }
        return start..<start + wanted.count
    }
}
