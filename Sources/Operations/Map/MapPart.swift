import Digests
import Files
import Ground

/// The table that follows the outputs of a part of a map, with the length and CRC-32C of each output.
///
/// Header lines that are kept once are a row of their own before the others, so that a join can omit them. It is the
/// first row of every part with a chunk, and empty if there is no output.
struct MapPart {
    private var table: PartTable
    private let hasHeader: Bool
    private var header: PartRow?

    /// - Parameter contentBytes: the size of the mapped content; nil if the input's bytes are mapped.
    init(_ part: Part, of input: InputFile, contentBytes: UInt64?, _ settings: MapSettings) throws(PoolmapError) {
        let content = contentBytes.map { ["content=\($0)"] } ?? []
        table = PartTable(try PartJob(input, .map, content + settings.partSettings), part)
        hasHeader = settings.sharedHeaderLineCount > 0
    }

    /// The range of the chunks in what is mapped.
    var range: Range<UInt64> {
        get { table.range }
        set { table.range = newValue }
    }

    /// Records the next output.
    ///
    /// - Parameters:
    ///   - byteCount: its length, including its header lines if it has them.
    ///   - checksum: the checksum of all these bytes.
    ///   - header: its header lines.
    mutating func add(_ byteCount: UInt64, _ checksum: UInt32, behind header: [UInt8]) {
        guard !header.isEmpty else { return table.rows.append(PartRow(byteCount: byteCount, checksum: checksum)) }
        let first = header.withUnsafeBytes { CRC32C.checksum(of: $0) }
        self.header = PartRow(byteCount: UInt64(header.count), checksum: first)
        // Combining the checksums of all and of the header gives that of the rest.
        let rest = byteCount - UInt64(header.count)
        let restChecksum = CRC.crc32c.combine(UInt64(first), UInt64(checksum), secondBytes: rest)
        table.rows.append(PartRow(byteCount: rest, checksum: UInt32(restChecksum)))
    }

    /// The table that follows the outputs.
    func tableBytes() throws(PoolmapError) -> [UInt8] {
        var table = table
        if hasHeader, !table.rows.isEmpty {
            table.rows.insert(header ?? PartRow(byteCount: 0, checksum: 0), at: 0)
        }
        return try table.serialized()
    }
}
