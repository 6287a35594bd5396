import Digests
import Files
import Ground

/// What a part of a map notes of its outputs, for the table behind them: how long each is, and its CRC-32C.
///
/// Where outputs begin with lines that are kept once, these are a row of their own, in front of the others, so that a
/// join can leave them out: the first row of every part that has a chunk, empty where it has no output.
struct MapPart {
    private var table: PartTable
    private let hasHeader: Bool
    private var header: PartRow?

    /// - Parameter contentBytes: how much is mapped; nil where it is the input's bytes.
    init(_ part: Part, of input: InputFile, contentBytes: UInt64?, _ settings: MapSettings) throws(PoolmapError) {
        let content = contentBytes.map { ["content=\($0)"] } ?? []
        table = PartTable(try PartJob(input, .map, content + settings.partSettings), part)
        hasHeader = settings.sharedHeaderLineCount > 0
    }

    /// Which bytes of what is mapped the chunks have.
    var range: Range<UInt64> {
        get { table.range }
        set { table.range = newValue }
    }

    /// Notes the next output.
    ///
    /// - Parameters:
    ///   - byteCount: its length, with its first lines where it has them.
    ///   - checksum: that of all these bytes.
    ///   - header: the first lines that it has.
    mutating func add(_ byteCount: UInt64, _ checksum: UInt32, behind header: [UInt8]) {
        guard !header.isEmpty else { return table.rows.append(PartRow(byteCount: byteCount, checksum: checksum)) }
        let first = header.withUnsafeBytes { CRC32C.checksum(of: $0) }
        self.header = PartRow(byteCount: UInt64(header.count), checksum: first)
        // What is combined with the checksum of the first bytes to that of all is that of the rest.
        let rest = byteCount - UInt64(header.count)
        let restChecksum = CRC.crc32c.combine(UInt64(first), UInt64(checksum), secondBytes: rest)
        table.rows.append(PartRow(byteCount: rest, checksum: UInt32(restChecksum)))
    }

    /// What stands behind the outputs.
    func tableBytes() throws(PoolmapError) -> [UInt8] {
        var table = table
        if hasHeader, !table.rows.isEmpty {
            table.rows.insert(header ?? PartRow(byteCount: 0, checksum: 0), at: 0)
        }
        return try table.serialized()
    }
}
