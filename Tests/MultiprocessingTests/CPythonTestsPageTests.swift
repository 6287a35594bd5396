import Foundation
import TestSupport
import Testing

/// Checks `docs/cpython-tests.md`: its rows, its sums, and the names of scenarios in it.
struct CPythonTestsPageTests {
    /// The entry for one of CPython's methods.
    private struct Row {
        let file: String
        let method: String
        let state: String
        let names: [String]
        let note: String
    }

    private static let states = ["covered", "differs", "no API", "does not apply"]
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    private let lines: [Substring]
    private let rows: [Row]

    init() throws {
        let page = CPythonTestsPageTests.folder.appending(path: "../../docs/cpython-tests.md")
        lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        var (file, heading, rows): (String, String, [Row]) = ("", "", [])
        for line in lines {
            if line.hasPrefix("## ") { file = String(line.dropFirst(3)) }
            if line.hasPrefix("### ") { heading = String(line.dropFirst(4)) }
            let cells = CPythonTestsPageTests.cells(of: line)
            guard cells.count == 4, cells[0].hasPrefix("`test") else { continue }
            rows.append(
                Row(
                    file: file, method: "\(heading).\(cells[0])", state: cells[1],
                    names: cells[2].split(separator: ", ").map { $0.trimmingCharacters(in: ["`"]) }, note: cells[3]))
        }
        self.rows = rows
    }

    private static func cells(of line: Substring) -> [String] {
        guard line.hasPrefix("| ") else { return [] }
        return line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }

    @Test func eachMethodIsThereOnceWithItsReason() {
        #expect(Set(rows.map { "\($0.file) \($0.method)" }).count == rows.count)
        for row in rows {
            #expect(CPythonTestsPageTests.states.contains(row.state), "\(row.method): \(row.state)")
            #expect(row.state == "covered" ? !row.names.isEmpty : !row.note.isEmpty, "\(row.method) has no reason")
        }
    }

    @Test func eachScenarioThatIsNamedExists() throws {
        let scenarios = try scenarioNames()
        let sources = try FileManager.default.contentsOfDirectory(atPath: CPythonTestsPageTests.folder.path)
            .map { try String(contentsOf: CPythonTestsPageTests.folder.appending(path: $0), encoding: .utf8) }
        for row in rows {
            for name in row.names {
                let isThere =
                    name.hasSuffix("*")
                    ? scenarios.contains { $0.hasPrefix(name.dropLast()) }
                    : scenarios.contains(name) || sources.contains { $0.contains("func \(name)(") }
                #expect(isThere, "\(row.method) names \(name), which nothing is called")
            }
        }
    }

    @Test func sumsAreThoseOfTheRows() throws {
        let files = [("`_test_multiprocessing.py`", 231), ("`test_concurrent_futures/`", 93), ("both", 324)]
        for (name, count) in files {
            let ofFile = rows.filter { name == "both" || name.contains($0.file) }
            let sums = CPythonTestsPageTests.states.map { state in ofFile.count { $0.state == state } }
            let line = try #require(lines.first { $0.hasPrefix("| \(name) |") })
            let cells = CPythonTestsPageTests.cells(of: line).dropFirst().map { Int($0) }
            #expect(cells == sums + [ofFile.count])
            #expect(ofFile.count == count)
        }
    }
}
