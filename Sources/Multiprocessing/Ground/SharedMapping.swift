import CMultiprocessing
import Glibc
import SystemPackage

/// Memory that several processes see alike, zero at first.
///
/// It has no name, so nothing is left behind whatever is killed; pages take memory only once they are touched. Children
/// that are forked later have it at the same address; a message to another process carries its descriptor, and the
/// other maps it where there is room.
///
/// It stays mapped, with one descriptor open, until the last reference in this process goes.
final class SharedMapping {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// Nil where the memory could be mapped only without a file, so that no other process can be handed it.
    private let file: OwnedDescriptor?

    private var fileNumber: Int32? {
        switch file {
        case .some(let file): file.number
        case nil: nil
        }
    }

    /// - Parameter isPrivate: only forked children will ever have it, so that it needs no descriptor.
    init(byteCount: Int, name: String, isPrivate: Bool = false) throws(MultiprocessingError) {
        let file = OwnedDescriptor(owning: try checked("memfd_create") { mp_memfd_create(name) })
        let number = file.number
        do {
            _ = try retryingInterrupted { ftruncate(number, byteCount) }
        } catch .fileTooLarge {
            // The limit on the size of files (`ulimit -f`) counts here too, though nothing of this is on a disk. What
            // has no descriptor at all is free of it.
            base = try SharedMapping.map(byteCount, -1)
            self.byteCount = byteCount
            self.file = nil
            return
        } catch {
            throw MultiprocessingError.systemCall("ftruncate", error)
        }
        base = try SharedMapping.map(byteCount, number)
        self.byteCount = byteCount
        self.file = isPrivate ? nil : consume file
    }

    /// Maps a file in memory, whole; the mapping then owns the descriptor.
    init(file: consuming OwnedDescriptor) throws(MultiprocessingError) {
        let number = file.number
        let end = try checked("lseek") { lseek(number, 0, SEEK_END) }
        base = try SharedMapping.map(Int(end), number)
        byteCount = Int(end)
        self.file = consume file
    }

    fileprivate static func map(
        _ byteCount: Int, _ descriptor: Int32, at offset: Int = 0
    ) throws(MultiprocessingError) -> UnsafeMutableRawPointer {
        let flags = MAP_SHARED | MAP_NORESERVE | (descriptor < 0 ? MAP_ANONYMOUS : 0)
        let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, descriptor, offset)
        guard let address, address != MAP_FAILED else {
            throw MultiprocessingError.systemCall("mmap", Errno(rawValue: errno))
        }
        return address
    }

    deinit {
        munmap(base, byteCount)
    }
}

// The memory is reached by address, and whoever writes there sees to the order of the writes.
extension SharedMapping: @unchecked Sendable {}

extension SharedMapping: Codable {
    /// Attaches the descriptor to the message.
    ///
    /// Throws outside of one.
    func encode(to encoder: any Encoder) throws {
        guard let number = fileNumber else {
            throw MultiprocessingError(
                .invalidState, "shared memory that was made under a limit on file sizes has no descriptor to hand over")
        }
        var container = encoder.singleValueContainer()
        try container.encode(try DescriptorTransfer.attach(number, of: "shared memory"))
    }

    convenience init(from decoder: any Decoder) throws {
        let position = try decoder.singleValueContainer().decode(Int.self)
        try self.init(file: try DescriptorTransfer.take(position))
    }
}

/// Memory that several processes see alike, in pieces of which each process maps as much as it uses.
///
/// Forked children have what was mapped before, and map the rest for themselves.
final class SharedWindows {
    let byteCount: Int
    private let strideBytes: Int
    private let file: OwnedDescriptor
    private var mapped: [UnsafeMutableRawBufferPointer]

    /// - Parameter strideBytes: the size of each piece, whole pages.
    ///
    /// Nil where there can be no such file, as under a limit on the size of files.
    convenience init?(count: Int, strideBytes: Int, name: String) throws(MultiprocessingError) {
        let file = OwnedDescriptor(owning: try checked("memfd_create") { mp_memfd_create(name) })
        let number = file.number
        do {
            _ = try retryingInterrupted { ftruncate(number, count * strideBytes) }
        } catch .fileTooLarge {
            return nil
        } catch {
            throw MultiprocessingError.systemCall("ftruncate", error)
        }
        self.init(file: file, count: count, strideBytes: strideBytes)
    }

    private init(file: consuming OwnedDescriptor, count: Int, strideBytes: Int) {
        byteCount = count * strideBytes
        self.strideBytes = strideBytes
        self.file = file
        mapped = Array(repeating: UnsafeMutableRawBufferPointer(start: nil, count: 0), count: count)
    }

    deinit {
        for window in mapped {
            SharedWindows.unmap(window)
        }
    }

    /// Where a piece begins in this process, with at least so many bytes mapped.
    func base(of index: Int, byteCount: Int) throws(MultiprocessingError) -> UnsafeMutableRawPointer {
        let window = mapped[index]
        if let base = window.baseAddress, window.count >= byteCount { return base }
        // What has grown once may do so again.
        let wanted = max(byteCount, window.count > 0 ? 2 * window.count : 1)
        let pageBytes = 4096
        let size = min(strideBytes, (wanted + pageBytes - 1) / pageBytes * pageBytes)
        let base = try SharedMapping.map(size, file.number, at: index * strideBytes)
        SharedWindows.unmap(window)
        mapped[index] = UnsafeMutableRawBufferPointer(start: base, count: size)
        return base
    }

    private static func unmap(_ window: UnsafeMutableRawBufferPointer) {
        if let base = window.baseAddress {
            munmap(base, window.count)
        }
    }
}

extension SharedWindows: Codable {
    private enum CodingKeys: CodingKey {
        case count, strideBytes, file
    }

    /// Attaches the descriptor to the message.
    ///
    /// Throws outside of one.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mapped.count, forKey: .count)
        try container.encode(strideBytes, forKey: .strideBytes)
        try container.encode(try DescriptorTransfer.attach(file.number, of: "shared memory"), forKey: .file)
    }

    convenience init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let count = try container.decode(Int.self, forKey: .count)
        let strideBytes = try container.decode(Int.self, forKey: .strideBytes)
        let file = try DescriptorTransfer.take(try container.decode(Int.self, forKey: .file))
        let number = file.number
        let end = try checked("lseek") { lseek(number, 0, SEEK_END) }
        let (byteCount, overflowed) = count.multipliedReportingOverflow(by: strideBytes)
        // To touch what is mapped behind a file's end would end the process.
        guard count > 0, strideBytes > 0, strideBytes % 4096 == 0, !overflowed, byteCount <= end else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory is larger than its file")
        }
        self.init(file: file, count: count, strideBytes: strideBytes)
    }
}
