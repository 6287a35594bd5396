import CZstd
import Glibc
import Ground
import SystemPackage

/// A dictionary: what small files have in common, as collected by `zstd --train`, or any bytes.
///
/// It is read before a pool is forked, so that all processes share its memory.
package final class ZstdDictionary: Sendable {
    /// Used in messages.
    package let path: String
    /// The ID by which frames name it; 0 for bytes that are not from `zstd --train`, which have none.
    package let id: UInt32
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    /// zstd's limit.
    private static let mostBytes: UInt64 = 32 << 20
    /// libzstd ignores a smaller one.
    private static let leastBytes: UInt64 = 8

    /// Reads a dictionary, and checks that libzstd can use it.
    package init(path: String) throws(PoolmapError) {
        self.path = path
        bytes = try ZstdDictionary.read(path)
        id = ZSTD_getDictID_fromDict(bytes.baseAddress, bytes.count)
    }

    /// Its CRC-32C: dictionaries with the same ID may differ.
    package var checksum: UInt32 { CRC32C.checksum(of: bytes) }

    deinit {
        free(UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    /// Reads the bytes of a file, if it can be a dictionary.
    private static func read(_ path: String) throws(PoolmapError) -> UnsafeRawBufferPointer {
        let action = "cannot read the dictionary"
        let file = try attempt(action) { () throws(Errno) in try openFile(path, O_RDONLY | O_NOCTTY | O_NONBLOCK) }
        defer { try? file.close() }
        let status = try attempt(action) { () throws(Errno) in try FileStatus(of: file) }
        if status.isDirectory { throw PoolmapError.system(action, .isDirectory) }
        guard status.isRegular else {
            throw PoolmapError(.failed, "a dictionary must be a regular file")
        }
        guard (leastBytes...mostBytes).contains(status.byteCount) else {
            throw PoolmapError(
                .failed,
                "dictionary size must be between \(leastBytes) and \(mostBytes) bytes (got \(status.byteCount))")
        }
        let memory = try allocate(Int(status.byteCount))
        do throws(PoolmapError) {
            try file.readAll(into: memory, at: 0)
            try check(UnsafeRawBufferPointer(memory))
        } catch {
            free(memory.baseAddress)
            throw error
        }
        return UnsafeRawBufferPointer(memory)
    }

    /// Checks the tables of a trained dictionary, as compression and decompression would read them.
    private static func check(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        guard bytes.littleEndian(UInt32.self, at: 0) == ZSTD_MAGIC_DICTIONARY else { return }
        let tables = ZDICT_getDictHeaderSize(bytes.baseAddress, bytes.count)
        let digest = ZSTD_createDDict(bytes.baseAddress, bytes.count)
        defer { ZSTD_freeDDict(digest) }
        guard ZDICT_isError(tables) == 0, digest != nil else {
            throw PoolmapError(.damaged, "damaged: not a valid dictionary, although it begins like one")
        }
    }
}
