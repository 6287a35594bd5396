import CMultiprocessing
import Glibc
import SystemPackage

/// A memory file that is mapped completely, or memory without a file.
///
/// It stays mapped, with one open descriptor, until the last reference in this process is released.
private final class SharedRegion {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// Nil if the memory has no file, so that it cannot be sent to another process.
    private let file: OwnedDescriptor?
    /// The key by which this process finds the region again when it is sent a part of it; nil if it is never sent.
    private var identity: FileIdentity?

    private struct Reference {
        weak var region: SharedRegion?
    }

    /// Regions that this process has mapped and may be sent parts of again.
    private static let known = Guarded<[FileIdentity: Reference]>([:])

    /// Creates new memory.
    ///
    /// Throws `Errno.fileTooLarge` under a limit on file sizes (`ulimit -f`), which applies here too although nothing
    /// is on disk.
    init(creating byteCount: Int, name: String, isPrivate: Bool) throws {
        let file = OwnedDescriptor(owning: try checked("memfd_create") { mp_memfd_create(name) })
        let number = file.number
        do {
            _ = try retryingInterrupted { ftruncate(number, byteCount) }
        } catch .fileTooLarge {
            throw Errno.fileTooLarge
        } catch {
            throw MultiprocessingError.systemCall("ftruncate", error)
        }
        base = try SharedMapping.map(byteCount, number)
        self.byteCount = byteCount
        self.file = isPrivate ? nil : consume file
    }

    /// Creates new memory without a file.
    init(withoutFile byteCount: Int) throws(MultiprocessingError) {
        base = try SharedMapping.map(byteCount, -1)
        self.byteCount = byteCount
        file = nil
    }

    init(file: consuming OwnedDescriptor) throws(MultiprocessingError) {
        let number = file.number
        let end = try checked("lseek") { lseek(number, 0, SEEK_END) }
        base = try SharedMapping.map(Int(end), number)
        byteCount = Int(end)
        self.file = consume file
    }

    /// The region of a file in the message being decoded; the existing region if the file is already mapped.
    static func received(at position: Int) throws(MultiprocessingError) -> SharedRegion {
        let identity = try FileIdentity(of: try DescriptorTransfer.number(at: position))
        if let region = known.withLock({ $0[identity]?.region }) { return region }
        let region = try SharedRegion(file: try DescriptorTransfer.take(position))
        region.makeKnown(as: identity)
        // Other values in the message may ask for this descriptor again.
        DescriptorTransfer.keep(region)
        return region
    }

    /// Registers this region, so that the process finds it when it is sent a part of it.
    func makeKnown() {
        if let number, let identity = try? FileIdentity(of: number) {
            makeKnown(as: identity)
        }
    }

    private func makeKnown(as identity: FileIdentity) {
        self.identity = identity
        SharedRegion.known.withLock { $0[identity] = Reference(region: self) }
    }

    var number: Int32? {
        switch file {
        case .some(let file): file.number
        case nil: nil
        }
    }

    deinit {
        if let identity {
            // Unless another thread has mapped the file again meanwhile; that region must not be released while the
            // lock is held.
            _ = SharedRegion.known.withLock { known in
                let another = known[identity]?.region
                if another == nil { known[identity] = nil }
                return another
            }
        }
        munmap(base, byteCount)
    }
}

/// Memory shared by several processes, initially zero.
///
/// It has no name, so nothing is left behind whatever is killed; pages take memory only once they are touched. Children
/// forked later have it at the same address. A message to another process carries its descriptor, and that process maps
/// it at any free address. Small objects share a descriptor: each is a part of a mapping (`ObjectArena`).
final class SharedMapping {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    private let region: SharedRegion

    /// - Parameter isPrivate: only forked children will ever use it, so it needs no descriptor.
    convenience init(byteCount: Int, name: String, isPrivate: Bool = false) throws(MultiprocessingError) {
        do {
            self.init(all: try SharedRegion(creating: byteCount, name: name, isPrivate: isPrivate))
        } catch let error as MultiprocessingError {
            throw error
        } catch {
            // Memory without a descriptor is not subject to the limit.
            self.init(all: try SharedRegion(withoutFile: byteCount))
        }
    }

    /// Maps a whole memory file; the mapping then owns the descriptor.
    convenience init(file: consuming OwnedDescriptor) throws(MultiprocessingError) {
        self.init(all: try SharedRegion(file: file))
    }

    private convenience init(all region: SharedRegion) {
        self.init(region, at: 0, region.byteCount)
    }

    fileprivate init(_ region: SharedRegion, at offset: Int, _ byteCount: Int) {
        self.region = region
        base = region.base + offset
        self.byteCount = byteCount
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
}

// The memory is accessed by address; the code that writes there orders its writes.
extension SharedMapping: @unchecked Sendable {}

extension SharedMapping: Codable {
    /// Attaches the descriptor to the message being sent.
    ///
    /// Throws outside of a message.
    func encode(to encoder: any Encoder) throws {
        guard let number = region.number else {
            throw MultiprocessingError(
                .invalidState, "shared memory made under a limit on file sizes has no descriptor to send")
        }
        var container = encoder.unkeyedContainer()
        try container.encode(try DescriptorTransfer.attach(number, of: "shared memory"))
        try container.encode(base - region.base)
        try container.encode(byteCount)
    }

    convenience init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        let position = try container.decode(Int.self)
        let (offset, byteCount) = (try container.decode(Int.self), try container.decode(Int.self))
        let region = try SharedRegion.received(at: position)
        let (end, overflowed) = offset.addingReportingOverflow(byteCount)
        guard offset >= 0, offset % ObjectArena.alignment == 0, byteCount >= 0, !overflowed, end <= region.byteCount
        else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory is larger than its file")
        }
        self.init(region, at: offset, byteCount)
    }
}

/// Memory for small shared objects, many for each descriptor: a process has few descriptors (typically 1,024), but may
/// have many locks and values.
///
/// An arena is filled from start to end, and no part of it is reused: there is no way to know which processes still use
/// an object that this one has released. It is unmapped, and its descriptor closed, when the process has released all
/// objects in it. A forked child makes its objects in its own arenas.
///
/// The corresponding Python module is `multiprocessing.heap`.
enum ObjectArena {
    /// Objects do not share cache lines.
    static let alignment = 64
    /// A single remaining object keeps no more than this much memory.
    private static let byteCount = 256 << 10
    /// Larger objects have their own file.
    private static let mostObjectBytes = 16 << 10

    private struct Current {
        weak var region: SharedRegion?
        var usedBytes = 0
        var forkCount = 0
    }

    private static let current = Guarded(Current())
    // Changed only in a child right after the fork, when it has one thread.
    nonisolated(unsafe) private static var forkCount: Int = {
        pthread_atfork(nil, nil) { ObjectArena.forkCount += 1 }
        return 0
    }()

    /// Zeroed memory for an object.
    static func memory(_ byteCount: Int, name: String) throws(MultiprocessingError) -> SharedMapping {
        if byteCount <= mostObjectBytes, let part = try part(byteCount) { return part }
        return try SharedMapping(byteCount: byteCount, name: name)
    }

    /// Nil if no arena can be made, for example under a limit on file sizes.
    private static func part(_ byteCount: Int) throws(MultiprocessingError) -> SharedMapping? {
        try current.withLock { current throws(MultiprocessingError) in
            let roomBytes = (byteCount + alignment - 1) / alignment * alignment
            if let region = current.region, current.forkCount == forkCount,
                region.byteCount - current.usedBytes >= roomBytes
            {
                defer { current.usedBytes += roomBytes }
                return SharedMapping(region, at: current.usedBytes, byteCount)
            }
            // Exceeding this limit would end the process by a signal.
            guard limit(on: RLIMIT_FSIZE).map({ $0 >= ObjectArena.byteCount }) ?? true else { return nil }
            let region: SharedRegion
            do {
                region = try SharedRegion(
                    creating: ObjectArena.byteCount, name: "multiprocessing-objects", isPrivate: false)
            } catch let error as MultiprocessingError {
                throw error
            } catch {
                return nil
            }
            region.makeKnown()
            current = Current(region: region, usedBytes: roomBytes, forkCount: forkCount)
            return SharedMapping(region, at: 0, byteCount)
        }
    }
}

/// Memory shared by several processes, in pieces of which each process maps as much as it uses.
///
/// Forked children inherit what was mapped before, and map the rest themselves.
final class SharedWindows {
    let byteCount: Int
    private let strideBytes: Int
    private let file: OwnedDescriptor
    private var mapped: [UnsafeMutableRawBufferPointer]

    /// - Parameter strideBytes: the size of each piece, a multiple of the page size.
    ///
    /// Nil if no such file can be made, for example under a limit on file sizes.
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

    /// The address of a piece in this process, with at least this many bytes mapped.
    func base(of index: Int, byteCount: Int) throws(MultiprocessingError) -> UnsafeMutableRawPointer {
        let window = mapped[index]
        if let base = window.baseAddress, window.count >= byteCount { return base }
        // A piece that has grown once may grow again.
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

    /// Attaches the descriptor to the message being sent.
    ///
    /// Throws outside of a message.
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
        // Touching mapped memory past the end of its file would end the process.
        guard count > 0, strideBytes > 0, strideBytes % 4096 == 0, !overflowed, byteCount <= end else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory is larger than its file")
        }
        self.init(file: file, count: count, strideBytes: strideBytes)
    }
}
