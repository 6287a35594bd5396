import Glibc
import SystemPackage

// Memory under a name, which unrelated processes find by it, as `shm_open` and CPython's `SharedMemory` have it; or
// without a name, for those that it is handed to.
//
// A name appears last. The memory is made as a nameless file in /dev/shm, gets its size and all its pages, and is then
// linked under its name in one step, which fails if there is that name. So nobody ever attaches to memory that has no
// size yet; a full /dev/shm is an error of the call that makes the memory, not a signal when it is first written to; and
// a process that is killed on the way leaves nothing. Where the name is to go with its creator, the guardian is told of
// it just before that step, see `NameGuardian`.
//
// A name goes when somebody unlinks it, and the memory when, besides, nobody has it mapped any more. Nobody else unlinks
// it: in Python the end of any process that had attached does, which is the best known complaint about its module.

/// A block of memory that several processes see alike, at different addresses.
///
///     let memory = try SharedMemory(create: "frames", byteCount: 1 << 20)
///     memory.bytes[0] = 1
///     // in another process
///     let memory = try SharedMemory(attach: "frames")
///
/// The memory is zero at first. A named block is found by its name (in `/dev/shm`, mode 0600) until one process calls
/// `unlink()`, and outlives its creator if nobody does. A process that is forked later has the block too; to one that
/// exists already it can be sent over a `Connection`, also if it has no name; with a name through queues and pools too.
///
/// Nothing keeps several processes from writing at a time: use a `Lock`, or atomics. The corresponding Python API is
/// `multiprocessing.shared_memory.SharedMemory`, which finds blocks made here and whose blocks are found here.
public final class SharedMemory: Codable, Sendable {
    /// The name, without a slash; nil for memory that has none.
    ///
    /// The corresponding Python API is `SharedMemory.name`.
    public let name: String?
    /// The size in bytes.
    ///
    /// The corresponding Python API is `SharedMemory.size`.
    public let byteCount: Int

    /// Nil once it is closed.
    private let mapping: Guarded<SharedMapping?>
    private let identity: FileIdentity

    /// Makes a block of memory under a name, and takes all the memory for it now.
    ///
    /// - Parameters:
    ///   - name: as `shm_open` takes it: no slash but one at the start, at most 255 bytes. Where none is given, one that
    ///     nothing else has is made up, `psm_` and eight digits.
    ///   - byteCount: the size, at least 1.
    ///   - unlinksWhenCreatorEnds: whether the name is to go when this process ends, even if it is killed. A small child
    ///     process sees to that, for as long as there are such names.
    ///
    /// Throws `systemCallFailed` with the errno `fileExists` where there is that name, `noSpace` where `/dev/shm` is
    /// full, `noMemory` where the machine has not so much; `invalidState` for a name or a size that is impossible.
    ///
    /// The corresponding Python API is `SharedMemory(create=True)`.
    public init(
        create name: String? = nil, byteCount: Int, unlinksWhenCreatorEnds: Bool = false
    ) throws(MultiprocessingError) {
        let wanted = try name.map { name throws(MultiprocessingError) in try SharedMemoryName(name) }
        let file = try SharedMemoryName.makeFile(byteCount: byteCount)
        identity = try FileIdentity(of: file.number)
        let found: SharedMemoryName
        if let wanted {
            try wanted.give(to: file.number, identity, guarded: unlinksWhenCreatorEnds)
            found = wanted
        } else {
            found = try SharedMemoryName.giveRandom(to: file.number, identity, guarded: unlinksWhenCreatorEnds)
        }
        self.name = found.text
        self.byteCount = byteCount
        do {
            mapping = Guarded(try SharedMapping(file: file))
        } catch {
            try? found.unlink(identity)
            throw error
        }
    }

    /// Finds the block of memory that has this name.
    ///
    /// Nothing happens to the name when this object goes, or this process. Throws `systemCallFailed` with the errno
    /// `noSuchFileOrDirectory` where there is no such name, and `invalidState` where the name is impossible or what has it
    /// is not memory of at least a byte. The corresponding Python API is `SharedMemory(name)`.
    public init(attach name: String) throws(MultiprocessingError) {
        let found = try SharedMemoryName(name)
        let file = try found.open()
        identity = try FileIdentity(of: file.number)
        let mapping = try SharedMapping(file: file)
        self.mapping = Guarded(mapping)
        byteCount = mapping.byteCount
        self.name = found.text
    }

    /// Makes a block of memory without a name, for processes that are forked later or to which it is sent.
    ///
    /// Nothing is left of it when all of them have ended, however they end. Pages take memory once they are touched.
    ///
    /// Throws `invalidState` for a size that is not positive, `systemCallFailed` where the kernel refuses. The nearest
    /// Python API is `multiprocessing.heap.BufferWrapper`.
    public init(anonymousOf byteCount: Int) throws(MultiprocessingError) {
        try SharedMemoryName.requirePossible(byteCount: byteCount)
        mapping = Guarded(try SharedMapping(byteCount: byteCount, name: "multiprocessing-memory"))
        (name, identity, self.byteCount) = (nil, FileIdentity(device: 0, number: 0), byteCount)
    }

    /// Takes the memory out of the message that is being received; the receiver has it mapped on its own.
    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        name = try container.decode(String?.self)
        identity = FileIdentity(
            device: try container.decode(UInt64.self), number: try container.decode(UInt64.self))
        let found = try name.map { try SharedMemoryName($0) }
        let mapping: SharedMapping
        if let attached = try container.decode(SharedMapping?.self) {
            mapping = attached
        } else {
            guard let found else {
                throw MultiprocessingError(
                    .decodingFailed, "the message's shared memory has neither name nor descriptor")
            }
            let file = try found.open()
            guard try FileIdentity(of: file.number) == identity else {
                throw MultiprocessingError(
                    .decodingFailed, "the shared memory \(found.text) was unlinked, and another has its name")
            }
            mapping = try SharedMapping(file: file)
        }
        self.mapping = Guarded(mapping)
        byteCount = mapping.byteCount
    }

    /// Attaches the memory to the message that is being sent; where no descriptor can travel, as through a queue, to a
    /// pool's worker or into a `Manager`, its name, by which the receiver finds it if it was not unlinked meanwhile.
    ///
    /// Throws `invalidState` where it is closed, `encodingFailed` for memory without a name where no descriptor can
    /// travel.
    public func encode(to encoder: any Encoder) throws {
        let mapping = try openMapping()
        var container = encoder.unkeyedContainer()
        try container.encode(name)
        try container.encode(identity.device)
        try container.encode(identity.number)
        try container.encode(name == nil || DescriptorTransfer.isPossible ? mapping : nil)
    }

    /// The memory itself; empty once it is closed.
    ///
    /// The addresses are good in this process and those that it forks, as long as this object lives and is not closed:
    /// keep the object in a variable for as long as the bytes are used, or use `withBytes(_:)`. The corresponding Python API is `SharedMemory.buf`.
    public var bytes: UnsafeMutableRawBufferPointer {
        mapping.withLock {
            $0.map { UnsafeMutableRawBufferPointer(start: $0.base, count: $0.byteCount) }
                ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Runs a closure with the memory, which stays where it is until the closure returns.
    ///
    /// Throws what the closure throws. Without memory, as it is closed, the closure gets none.
    public func withBytes<Result, Failure>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let mapping = mapping.withLock { $0 }
        defer { withExtendedLifetime(mapping) {} }
        return try body(UnsafeMutableRawBufferPointer(start: mapping?.base, count: mapping?.byteCount ?? 0))
    }

    /// Takes the memory away from this process; its name and the other processes keep it.
    ///
    /// Happens by itself when the object goes. Does nothing when it is closed already. The corresponding Python API is
    /// `SharedMemory.close`.
    public func close() {
        mapping.withLock { $0 = nil }
    }

    /// Takes the name away, so that nobody can attach to the memory any more; who has it keeps it.
    ///
    /// To be called by one process, mostly the creator. Throws `systemCallFailed` with the errno `noSuchFileOrDirectory`
    /// where the name is gone, also if another block has it by now, and `invalidState` for memory without a name. The
    /// corresponding Python API is `SharedMemory.unlink`.
    public func unlink() throws(MultiprocessingError) {
        guard let name else {
            throw MultiprocessingError(.invalidState, "this shared memory has no name")
        }
        try SharedMemoryName(name).unlink(identity)
    }

    /// The mapping, which stays while the caller holds it.
    func openMapping() throws(MultiprocessingError) -> SharedMapping {
        guard let mapping = mapping.withLock({ $0 }) else {
            throw MultiprocessingError(.invalidState, "this shared memory is closed")
        }
        return mapping
    }
}

extension SharedMemory: CustomStringConvertible {
    /// Its name and its size: `SharedMemory(frames, 4096 bytes)`.
    ///
    /// Does not block. The corresponding Python API is `repr(memory)`.
    public var description: String {
        let isClosed = mapping.withLock { $0 == nil }
        return "SharedMemory(\(name ?? "no name"), \(byteCount) bytes\(isClosed ? ", closed" : ""))"
    }
}
