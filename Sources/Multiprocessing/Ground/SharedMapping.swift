import CMultiprocessing
import Glibc
import SystemPackage

/// A file in memory that is mapped whole, or memory without a file.
///
/// It stays mapped, with one descriptor open, until the last reference in this process goes.
private final class SharedRegion {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    /// Nil where the memory could be mapped only without a file, so that no other process can be handed it.
    private let file: OwnedDescriptor?
    /// Under which the process finds it when it is sent a part of it; nil where it is never sent.
    private var identity: FileIdentity?

    private struct Reference {
        weak var region: SharedRegion?
    }

    /// What this process has mapped and may be sent parts of again.
    private static let known = Guarded<[FileIdentity: Reference]>([:])

    /// New memory.
    ///
    /// Throws `Errno.fileTooLarge` under a limit on the size of files (`ulimit -f`), which counts here too, though nothing
    /// of this is on a disk.
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

    /// New memory without a file.
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

    /// The region of a file of the message that is being decoded: the one that is mapped already, if it is.
    static func received(at position: Int) throws(MultiprocessingError) -> SharedRegion {
        let identity = try FileIdentity(of: try DescriptorTransfer.number(at: position))
        if let region = known.withLock({ $0[identity]?.region }) { return region }
        let region = try SharedRegion(file: try DescriptorTransfer.take(position))
        region.makeKnown(as: identity)
        // The message may have more of it, which asks for this number again.
        DescriptorTransfer.keep(region)
        return region
    }

    /// Has the process find this one when it is sent a part of it.
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
            // Unless another thread has mapped the file again meanwhile; that one is not to go while the lock is held.
            _ = SharedRegion.known.withLock { known in
                let another = known[identity]?.region
                if another == nil { known[identity] = nil }
                return another
            }
        }
        munmap(base, byteCount)
    }
}

/// Memory that several processes see alike, zero at first.
///
/// It has no name, so nothing is left behind whatever is killed; pages take memory only once they are touched. Children
/// that are forked later have it at the same address; a message to another process carries its descriptor, and the
/// other maps it where there is room. Small objects share a descriptor: each is a part of what is mapped (`ObjectArena`).
final class SharedMapping {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
    private let region: SharedRegion

    /// - Parameter isPrivate: only forked children will ever have it, so that it needs no descriptor.
    convenience init(byteCount: Int, name: String, isPrivate: Bool = false) throws(MultiprocessingError) {
        do {
            self.init(all: try SharedRegion(creating: byteCount, name: name, isPrivate: isPrivate))
        } catch let error as MultiprocessingError {
            throw error
        } catch {
            // What has no descriptor at all is free of the limit.
            self.init(all: try SharedRegion(withoutFile: byteCount))
        }
    }

    /// Maps a file in memory, whole; the mapping then owns the descriptor.
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

// The memory is reached by address, and whoever writes there sees to the order of the writes.
extension SharedMapping: @unchecked Sendable {}

extension SharedMapping: Codable {
    /// Attaches the descriptor to the message.
    ///
    /// Throws outside of one.
    func encode(to encoder: any Encoder) throws {
        guard let number = region.number else {
            throw MultiprocessingError(
                .invalidState, "shared memory that was made under a limit on file sizes has no descriptor to hand over")
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

/// Where small shared objects are made, many to a descriptor: the descriptors of a process are few (1,024 as a rule), its
/// locks and values may be many.
///
/// An arena is used up from its beginning to its end, and no part of it is used again: nobody can know which processes
/// still have an object that this one has let go of. It is unmapped, and its descriptor closed, when the process has let
/// go of all objects in it. A forked child makes its objects in arenas of its own.
///
/// The corresponding Python module is `multiprocessing.heap`.
enum ObjectArena {
    /// Objects do not share cache lines.
    static let alignment = 64
    /// One that is left of many keeps no more than this.
    private static let byteCount = 256 << 10
    /// Larger ones have a file of their own.
    private static let mostObjectBytes = 16 << 10

    private struct Current {
        weak var region: SharedRegion?
        var usedBytes = 0
        var forkCount = 0
    }

    private static let current = Guarded(Current())
    // Changed only in a child right after the fork, where there is one thread.
    nonisolated(unsafe) private static var forkCount: Int = {
        pthread_atfork(nil, nil) { ObjectArena.forkCount += 1 }
        return 0
    }()

    /// Zeroed memory for an object.
    static func memory(_ byteCount: Int, name: String) throws(MultiprocessingError) -> SharedMapping {
        if byteCount <= mostObjectBytes, let part = try part(byteCount) { return part }
        return try SharedMapping(byteCount: byteCount, name: name)
    }

    /// Nil where there can be no arena, as under a limit on the size of files.
    private static func part(_ byteCount: Int) throws(MultiprocessingError) -> SharedMapping? {
        try current.withLock { current throws(MultiprocessingError) in
            let roomBytes = (byteCount + alignment - 1) / alignment * alignment
            if let region = current.region, current.forkCount == forkCount,
                region.byteCount - current.usedBytes >= roomBytes
            {
                defer { current.usedBytes += roomBytes }
                return SharedMapping(region, at: current.usedBytes, byteCount)
            }
            // To go beyond this one would end the process by a signal.
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
