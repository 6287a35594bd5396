import CPoolmap
import Files
import Glibc
import Ground
import Run
import SystemPackage

/// What a command reads: some bytes, perhaps followed by part of a regular file; keeps track of what a pipe has taken.
struct ChunkInput {
    private var parts: [UnsafeRawBufferPointer]
    private let file: MappedFileReader?
    /// Decompressed bytes that are not written yet.
    private var decompressed: [UInt8] = []
    private var decompressedStart = 0
    private var offset: UInt64
    private var byteCount: UInt64
    /// How much the pipe has taken so far.
    private(set) var writtenBytes = 0
    /// Whether the kernel moves pages of the file into the pipe directly.
    private var isSpliced = true

    /// - Parameters:
    ///   - parts: bytes that stay in place.
    ///   - file: the file whose bytes follow them, from `offset` on; nil for none.
    init(
        _ parts: [UnsafeRawBufferPointer], of file: MappedFileReader? = nil, at offset: UInt64 = 0,
        byteCount: UInt64 = 0
    ) {
        self.parts = parts.filter { !$0.isEmpty }
        self.file = file
        self.offset = offset
        self.byteCount = file == nil ? 0 : byteCount
    }

    /// Writes as much as a non-blocking pipe takes; returns false if there is no more, or the reader has closed it.
    ///
    /// Throws `changed` if the file has become shorter.
    mutating func write(to pipe: Int32) throws(PoolmapError) -> Bool {
        while true {
            if parts.isEmpty, let file, !file.isPlain, decompressedStart == decompressed.count, byteCount > 0 {
                try decompress(file)
            }
            do throws(Errno) {
                if let part = parts.first {
                    let count = try retryingInterrupted { Glibc.write(pipe, part.baseAddress, part.count) }
                    writtenBytes += count
                    parts[0] = UnsafeRawBufferPointer(rebasing: part[count...])
                    if parts[0].isEmpty { parts.removeFirst() }
                } else if let file, file.isPlain, byteCount > 0 {
                    let count = try move(from: file, to: pipe)
                    writtenBytes += count
                    offset += UInt64(count)
                    byteCount -= UInt64(count)
                } else if decompressedStart < decompressed.count {
                    let start = decompressedStart
                    let count = try retryingInterrupted {
                        decompressed.withUnsafeBytes {
                            Glibc.write(pipe, $0.baseAddress.map { $0 + start }, $0.count - start)
                        }
                    }
                    writtenBytes += count
                    decompressedStart += count
                } else {
                    return false
                }
            } catch .resourceTemporarilyUnavailable {
                return true
            } catch .brokenPipe {
                return false
            } catch .outOfRange {
                throw .changedWhileRead
            } catch {
                throw .system("cannot read", error)
            }
        }
    }

    /// Throws if the file's content cannot be trusted, because its frame is damaged after the part that was read.
    func finish() throws(PoolmapError) {
        try file?.finish()
    }

    private mutating func decompress(_ file: MappedFileReader) throws(PoolmapError) {
        let count = Int(min(byteCount, UInt64(Hands.cachedBytes)))
        if decompressed.count != count { decompressed = [UInt8](repeating: 0, count: count) }
        var failure: PoolmapError?
        decompressed.withUnsafeMutableBytes { space in
            do throws(PoolmapError) {
                try file.readAll(into: space, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        decompressedStart = 0
        offset += UInt64(count)
        byteCount -= UInt64(count)
    }

    /// Throws `outOfRange` at the end of the file.
    private mutating func move(from file: MappedFileReader, to pipe: Int32) throws(Errno) -> Int {
        let most = Int(min(byteCount, ChunkInput.mostBytes))
        let count: Int
        if isSpliced {
            do throws(Errno) {
                count = try retryingInterrupted {
                    poolmap_splice(file.descriptor.rawValue, off_t(file.place.start + offset), pipe, most)
                }
            } catch .invalidArgument {
                isSpliced = false
                return try move(from: file, to: pipe)
            }
        } else {
            count = try copy(from: file, to: pipe, most)
        }
        guard count > 0 else { throw .outOfRange }
        return count
    }

    private func copy(from file: MappedFileReader, to pipe: Int32, _ most: Int) throws(Errno) -> Int {
        try withUnsafeTemporaryAllocation(byteCount: ChunkInput.copiedBytes, alignment: 1) {
            space -> Result<Int, Errno> in
            Result { () throws(Errno) in
                let read = try retryingInterrupted {
                    pread(
                        file.descriptor.rawValue, space.baseAddress, min(most, space.count),
                        off_t(file.place.start + offset))
                }
                return read == 0 ? 0 : try retryingInterrupted { Glibc.write(pipe, space.baseAddress, read) }
            }
        }.get()
    }

    private static let mostBytes: UInt64 = 1 << 20
    private static let copiedBytes = 64 << 10
}
