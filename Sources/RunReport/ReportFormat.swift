import Files
import Ground

/// How an account of a run is written: as JSON for programs, or as a page for people.
///
/// Both are made of the same values, whether they come from the run itself or from a report that it left.
package protocol ReportFormat {
    /// - Parameter members: what is known of the run beforehand.
    mutating func begin(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError)
    /// Called for each input, in their order.
    mutating func add(_ reported: ReportedFile, to file: LineFile) throws(PoolmapError)
    /// - Parameter members: what is known of the run at its end.
    mutating func end(_ members: [(String, JSONText)], to file: LineFile) throws(PoolmapError)
}
