import Ground
import SystemPackage

/// The bytes of a damaged file, read in any order by whoever looks for its frames.
///
/// Where the disk cannot give bytes any more (EIO) there are zeros in their place: a search must get over them, and a
/// frame that has them is found to be damaged like any other.
package final class SalvageSource {
    package typealias Read = (_ offset: UInt64, _ count: Int) throws(PoolmapError) -> [UInt8]

    /// The number of bytes.
    package let byteCount: UInt64
    private let readBytes: Read
    /// The part that was read last: the headers of small frames stand close together.
    private var window: [UInt8] = []
    private var windowStart: UInt64 = 0
    private static let windowBytes = 4096

    /// - Parameter read: reads so many bytes from an offset on; throws where it cannot.
    package init(byteCount: UInt64, read: @escaping Read) {
        self.byteCount = byteCount
        readBytes = read
    }

    /// The bytes from `offset` on: `count` of them, or as many as there are.
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
            // Up to the next page: the kernel gives or refuses these as a whole.
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
    /// Whether the disk could not give the bytes.
    package var isUnreadable: Bool {
        code == .system && errno == Errno.ioError.rawValue
    }
}
