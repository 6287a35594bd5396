import Files
import Ground

/// A way to write the report of a run: as JSON for programs, or as a page for people.
///
/// Both are written from the same values, whether these come from the run itself or from an older report.
package protocol ReportFormat {
    /// - Parameter members: what is known before the run.
    mutating func begin(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError)
    /// Called for each input, in order.
    mutating func add(_ reported: ReportedFile, to file: LineFile) throws(PoolmapError)
    /// - Parameter members: what is known after the run.
    mutating func end(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError)
}
