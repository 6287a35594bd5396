import Chunks
import Ground

/// Where a file is cut into chunks.
///
/// There is a cut after every N bytes, and a chunk ends with the first record whose end starts at or after its cut. So
/// a record is never divided. Chunks depend only on the file and the cut, and are those of `poolmap map` with the
/// option that is named for each.
public struct Cut: Hashable, Sendable {
    /// The form that is sent to the workers.
    enum Kind: Hashable, Sendable, Codable {
        case bytes
        case separator([UInt8])
        case csv
        case recordStart(String)
        case recordBytes(Int)
    }

    let kind: Kind

    /// Anywhere: every chunk has the same size.
    ///
    /// The option is `--chunk-size` alone.
    public static let bytes = Cut(kind: .bytes)
    /// After line ends; a carriage return before one belongs to its line.
    ///
    /// The option is `--lines`.
    public static let lines = Cut(kind: .separator([UInt8(ascii: "\n")]))
    /// After NUL bytes.
    ///
    /// The option is `-0`.
    public static let nul = Cut(kind: .separator([0]))
    /// After line ends that are not within double quotes.
    ///
    /// The option is `--csv`.
    public static let csv = Cut(kind: .csv)

    /// After these bytes, wherever they are; at least one.
    ///
    /// The option is `--separator`.
    public static func separator(_ bytes: [UInt8]) -> Cut { Cut(kind: .separator(bytes)) }

    /// Before each line that matches a pattern.
    ///
    /// The option is `--record-start`. FASTA's pattern is `^>`.
    ///
    /// - Parameter pattern: a POSIX extended regular expression, matched against the first 64 KiB of a line.
    public static func recordStart(_ pattern: String) -> Cut { Cut(kind: .recordStart(pattern)) }

    /// Between records of this many bytes.
    ///
    /// The option is `--record-size`.
    public static func recordBytes(_ byteCount: Int) -> Cut { Cut(kind: .recordBytes(byteCount)) }
}

extension Cut.Kind {
    /// The cut together with the search for the ends of records.
    ///
    /// Throws `invalidOption`.
    func chunkCut(recordCount: Int?) throws(PoolmapError) -> ChunkCut {
        switch self {
        case .bytes: .bytes
        case .separator(let bytes): .records(.separator(bytes), count: recordCount)
        case .csv: .records(.csv, count: recordCount)
        case .recordStart(let pattern): .records(.start(try LinePattern(pattern)), count: recordCount)
        case .recordBytes(let byteCount): .recordBytes(byteCount, count: recordCount)
        }
    }
}
