import CFiles
import Glibc
import Ground
import SystemPackage

/// Reads a part of a file in order; holes are not read, but filled with zeros.
package struct FileReader {
    /// nil to read zeros only.
    private let descriptor: FileDescriptor?
    private var offset: UInt64
    private let end: UInt64
    /// Where its holes are; nil if it has none.
    private var extents: FileExtents?

    package init(_ descriptor: FileDescriptor, at offset: UInt64, byteCount: UInt64, hasHoles: Bool = false) {
        self.descriptor = descriptor
        self.offset = offset
        end = offset + byteCount
        extents = hasHoles ? FileExtents(of: descriptor) : nil
    }

    /// A reader of this many zeros.
    package init(zeros byteCount: UInt64) {
        descriptor = nil
        offset = 0
        end = byteCount
    }

    /// Fills the space, as far as bytes remain; returns their number, 0 at the end.
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

    /// Passes everything to `body`, in pieces of at most the size of the space.
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

/// Where a regular file has data and where it has holes, which read as zeros.
///
/// Asked in rising order, it looks up each part once. The C function is `lseek` with `SEEK_DATA` and `SEEK_HOLE`, which
/// moves the descriptor's own offset. On a file system without them, everything is data.
struct FileExtents {
    private let descriptor: FileDescriptor
    /// The last result: a hole, possibly empty, and the data after it up to `dataEnd`.
    private var hole: Range<UInt64> = 0..<0
    private var dataEnd: UInt64 = 0

    init(of descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Whether there is a hole at an offset, and where the hole or the data ends.
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
            // ENXIO: no data up to the file's end. Other errors tell nothing.
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
