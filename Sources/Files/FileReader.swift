import CFiles
import Glibc
import Ground
import SystemPackage

/// Reads a part of a file from its beginning to its end; holes are not read, but filled in.
package struct FileReader {
    /// nil where all is zeros.
    private let descriptor: FileDescriptor?
    private var offset: UInt64
    private let end: UInt64
    /// Where its holes are; nil where it has none.
    private var extents: FileExtents?

    package init(_ descriptor: FileDescriptor, at offset: UInt64, byteCount: UInt64, hasHoles: Bool = false) {
        self.descriptor = descriptor
        self.offset = offset
        end = offset + byteCount
        extents = hasHoles ? FileExtents(of: descriptor) : nil
    }

    /// Reads so many zeros.
    package init(zeros byteCount: UInt64) {
        descriptor = nil
        offset = 0
        end = byteCount
    }

    /// Fills the space, or as much of it as there is; returns the number of bytes, 0 at the end.
    package mutating func read(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        let count = Int(min(UInt64(space.count), end - offset))
        var rest = UnsafeMutableRawBufferPointer(rebasing: space[..<count])
        while !rest.isEmpty {
            let extent = extents?.extent(at: offset) ?? (isHole: descriptor == nil, end: end)
            let part = UnsafeMutableRawBufferPointer(
                rebasing: rest.prefix(Int(min(UInt64(rest.count), extent.end - offset))))
            if let descriptor, !extent.isHole {
                try descriptor.readAll(into: part, at: offset)
            } else {
                part.initializeMemory(as: UInt8.self, repeating: 0)
            }
            offset += UInt64(part.count)
            rest = UnsafeMutableRawBufferPointer(rebasing: rest[part.count...])
        }
        return count
    }

    /// Hands all that there is to `body`, a piece of at most the space at a time.
    package mutating func forEachPiece(
        through space: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(PoolmapError) {
        while true {
            let count = try read(into: space)
            if count == 0 { return }
            body(UnsafeRawBufferPointer(rebasing: space[..<count]))
        }
    }
}

/// Where a regular file has data, and where holes, which read as zeros.
///
/// Whoever asks in rising order has each part looked for once. The C function is `lseek` with `SEEK_DATA` and
/// `SEEK_HOLE`, which moves the descriptor's own offset. To a file system that does not know them all is data.
struct FileExtents {
    private let descriptor: FileDescriptor
    /// What was found last: maybe a hole, and the data behind it up to `dataEnd`.
    private var hole: Range<UInt64> = 0..<0
    private var dataEnd: UInt64 = 0

    init(of descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Whether there is a hole at a place, and where that, or else the data, ends.
    mutating func extent(at offset: UInt64) -> (isHole: Bool, end: UInt64) {
        if offset < hole.lowerBound || offset >= dataEnd {
            find(from: offset)
        }
        return offset < hole.upperBound ? (true, hole.upperBound) : (false, dataEnd)
    }

    private mutating func find(from offset: UInt64) {
        dataEnd = .max
        let data = poolmap_seek_data(descriptor.rawValue, off_t(clamping: offset))
        guard data >= 0 else {
            // There is no data up to the file's end; or else nobody can tell.
            hole = offset..<(errno == ENXIO ? .max : offset)
            return
        }
        let dataStart = max(offset, UInt64(data))
        hole = offset..<dataStart
        let end = poolmap_seek_hole(descriptor.rawValue, off_t(clamping: dataStart))
        if end > dataStart {
            dataEnd = UInt64(end)
        }
    }
}
