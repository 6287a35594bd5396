import Ground
import SystemPackage

/// The bytes of a damaged file, read in any order.
///
/// Where the disk cannot read bytes (EIO), zeros take their place: the search must get past them, and a frame that
/// contains them is found to be damaged like any other.
package final class SalvageSource {
    package typealias Read = (_ offset: UInt64, _ count: Int) throws(PoolmapError) -> [UInt8]

    /// The number of bytes.
    package let byteCount: UInt64
    private let readBytes: Read
    /// The part that was read last: the headers of small frames are close together.
    private var window: [UInt8] = []
    private var windowStart: UInt64 = 0
    private static let windowBytes = 4096

    /// - Parameter read: reads exactly `count` bytes at an offset; throws if it cannot.
    package init(byteCount: UInt64, read: @escaping Read) {
        self.byteCount = byteCount
        readBytes = read
    }

    /// Returns `count` bytes from `offset` on, or as many as there are.
    ///
    /// Blocks.
    package func read(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        guard offset < byteCount else { return [] }
        let count = Int(min(UInt64(count), byteCount - offset))
        guard count <= SalvageSource.windowBytes else { return try readOverHoles(offset, count) }
        if offset < windowStart || offset + UInt64(count) > windowStart + UInt64(window.count) {
            window = try readOverHoles(offset, Int(min(UInt64(SalvageSource.windowBytes), byteCount - offset)))
            windowStart = offset
        }
        let start = Int(offset - windowStart)
        return Array(window[start..<start + count])
    }

    private func readOverHoles(_ offset: UInt64, _ count: Int) throws(PoolmapError) -> [UInt8] {
        do throws(PoolmapError) {
            return try readBytes(offset, count)
        } catch {
            guard error.isUnreadable else { throw error }
        }
        var bytes: [UInt8] = []
        while bytes.count < count {
            let here = offset + UInt64(bytes.count)
            // To the end of the page: the kernel reads or fails a page as a whole.
            let restOfPage = SalvageSource.windowBytes - Int(here % UInt64(SalvageSource.windowBytes))
            let rest = min(count - bytes.count, restOfPage)
            do throws(PoolmapError) {
                bytes += try readBytes(here, rest)
            } catch {
                guard error.isUnreadable else { throw error }
                bytes += [UInt8](repeating: 0, count: rest)
            }
        }
        return bytes
    }
}

extension PoolmapError {
    /// Whether the disk could not read the bytes.
    package var isUnreadable: Bool {
        code == .system && errno == Errno.ioError.rawValue
    }
}
