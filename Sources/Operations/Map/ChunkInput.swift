import CPoolmap
import Files
import Glibc
import Ground
import SystemPackage

/// What a command reads: some bytes, and behind them perhaps a part of a regular file, as far as it was written to a pipe.
struct ChunkInput {
    private var parts: [UnsafeRawBufferPointer]
    private let file: FileDescriptor?
    private var offset: UInt64
    private var byteCount: UInt64
    /// How much a pipe has taken so far.
    private(set) var writtenBytes = 0
    /// Whether the kernel moves pages of the file into the pipe by itself.
    private var isSpliced = true

    /// - Parameters:
    ///   - parts: bytes that stay where they are.
    ///   - file: what comes behind them is in this file, from an offset on; nil for nothing.
    init(_ parts: [UnsafeRawBufferPointer], file: FileDescriptor? = nil, at offset: UInt64 = 0, byteCount: UInt64 = 0) {
        self.parts = parts.filter { !$0.isEmpty }
        self.file = file
        self.offset = offset
        self.byteCount = file == nil ? 0 : byteCount
    }

    /// Writes as much as a pipe takes now, whose writer does not wait; false where there is no more, or nobody reads on.
    ///
    /// Throws `changed` where the file has become shorter.
    mutating func write(to pipe: Int32) throws(PoolmapError) -> Bool {
        while true {
            do throws(Errno) {
                if let part = parts.first {
                    let count = try retryingInterrupted { Glibc.write(pipe, part.baseAddress, part.count) }
                    writtenBytes += count
                    parts[0] = UnsafeRawBufferPointer(rebasing: part[count...])
                    if parts[0].isEmpty { parts.removeFirst() }
                } else if byteCount > 0, let file {
                    let count = try move(from: file, to: pipe)
                    writtenBytes += count
                    offset += UInt64(count)
                    byteCount -= UInt64(count)
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

    /// Throws `outOfRange` at the end of the file.
    private mutating func move(from file: FileDescriptor, to pipe: Int32) throws(Errno) -> Int {
        let most = Int(min(byteCount, ChunkInput.mostBytes))
        let count: Int
        if isSpliced {
            do throws(Errno) {
                count = try retryingInterrupted { poolmap_splice(file.rawValue, off_t(offset), pipe, most) }
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

    private func copy(from file: FileDescriptor, to pipe: Int32, _ most: Int) throws(Errno) -> Int {
        try withUnsafeTemporaryAllocation(byteCount: ChunkInput.copiedBytes, alignment: 1) {
            space -> Result<Int, Errno> in
            Result { () throws(Errno) in
                let read = try retryingInterrupted {
                    pread(file.rawValue, space.baseAddress, min(most, space.count), off_t(offset))
                }
                return read == 0 ? 0 : try retryingInterrupted { Glibc.write(pipe, space.baseAddress, read) }
            }
        }.get()
    }

    private static let mostBytes: UInt64 = 1 << 20
    private static let copiedBytes = 64 << 10
}
