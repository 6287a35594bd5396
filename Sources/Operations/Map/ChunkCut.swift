import CFiles
import Glibc
import Ground

/// Where an input is cut into chunks.
///
/// There is a cut every so many bytes, counted from where the data begins; a chunk ends at the first border at or behind
/// its cut. So borders depend on the data and the options alone, and can be found around each cut, wherever the others are.
package enum ChunkCut: Sendable, Equatable {
    /// At the cut itself.
    case bytes
    /// Behind records of so many bytes each.
    case recordBytes(Int)
    /// Behind each place where these bytes are.
    case separator([UInt8])

    /// Behind each line.
    package static let lines = ChunkCut.separator([UInt8(ascii: "\n")])

    /// How many bytes in front of a place say whether there is a border.
    var contextBytes: Int {
        if case .separator(let bytes) = self { return bytes.count }
        return 0
    }

    /// The bytes between two cuts, where the cuts themselves are borders; nil where the data says where borders are.
    func stepBytes(_ chunkBytes: Int) -> UInt64? {
        switch self {
        case .bytes: UInt64(chunkBytes)
        case .recordBytes(let count): UInt64(max(1, chunkBytes / count) * count)
        case .separator: nil
        }
    }

    /// The first border at or behind a place of some bytes, or nil where these end before it.
    ///
    /// - Parameter bytes: begin `contextBytes` in front of the place, or earlier; or with the data.
    func border(in bytes: UnsafeRawBufferPointer, from place: Int) -> Int? {
        guard case .separator(let separator) = self else { return place <= bytes.count ? place : nil }
        let start = max(0, place - separator.count)
        guard start < bytes.count, let base = bytes.baseAddress else { return nil }
        let rest = bytes.count - start
        let found =
            separator.count == 1
            ? memchr(base + start, Int32(separator[0]), rest).map { UnsafeRawPointer($0) }
            : separator.withUnsafeBytes { poolmap_find_bytes(base + start, rest, $0.baseAddress, $0.count) }
        return found.map { $0 - base + separator.count }
    }
}

/// Where the cuts of an input are: the first behind its header, then one every so many bytes.
struct CutGrid: BitwiseCopyable {
    let start: UInt64
    let stepBytes: UInt64

    /// The first cut behind a place.
    func cut(behind place: UInt64) -> UInt64 {
        start + ((place - start) / stepBytes + 1) * stepBytes
    }
}

/// Where chunks of a pipe end whose borders the data tells.
struct RecordBorders: PipeCut {
    let cut: ChunkCut
    let grid: CutGrid
    let mostRecordBytes: Int
    /// How much of the chunk was looked at.
    private var seen = (chunk: UInt64(0), byteCount: 0)

    init(_ cut: ChunkCut, _ grid: CutGrid, mostRecordBytes: Int) {
        (self.cut, self.grid, self.mostRecordBytes) = (cut, grid, mostRecordBytes)
    }

    mutating func length(
        ofChunkAt offset: UInt64, in bytes: UnsafeRawBufferPointer
    ) throws(PoolmapError) -> Int? {
        let place = Int(grid.cut(behind: offset) - offset)
        guard bytes.count >= place else { return nil }
        let from = seen.chunk == offset ? max(place, seen.byteCount) : place
        seen = (offset, bytes.count)
        let length = cut.border(in: bytes, from: from)
        guard (length ?? bytes.count) - place <= mostRecordBytes else {
            throw .longRecord(at: offset + UInt64(place), mostRecordBytes)
        }
        return length
    }
}

extension PoolmapError {
    /// - Parameter place: the cut behind which there should be a border.
    static func longRecord(at place: UInt64, _ mostBytes: Int) -> PoolmapError {
        PoolmapError(
            .failed,
            "no record ends in the \(mostBytes) bytes behind byte \(place); --max-record allows longer ones")
    }
}
