import Glibc
import SystemPackage

// Memory with a name, by which unrelated processes find it, like `shm_open` and CPython's `SharedMemory`; or without a
// name, for the processes that it is sent to.
//
// The name appears last. The memory is made as a nameless file in /dev/shm, gets its size and all its pages, and is
// then linked under its name in one step, which fails if the name exists. So no process ever attaches to memory without
// a size; a full /dev/shm is an error of the call that makes the memory, not a signal at the first write; and a process
// that is killed on the way leaves nothing. If the name is to be removed with its creator, the guardian is told just
// before that step, see `NameGuardian`.
//
// A name exists until a process unlinks it, and the memory until, in addition, no process maps it any more. No other
// process unlinks it: in Python the end of any attached process does, which is the best-known complaint about its
// module.

/// A block of memory that several processes share, at different addresses.
///
///     let memory = try SharedMemory(create: "frames", byteCount: 1 << 20)
///     memory.bytes[0] = 1
///     // in another process
///     let memory = try SharedMemory(attach: "frames")
///
/// The memory is initially zero. A named block is found by its name (in `/dev/shm`, mode 0600) until a process calls
/// `unlink()`, and outlives its creator otherwise. A process that is forked later has the block too. To a running
/// process it can be sent over a `Connection`, even without a name; with a name, through queues and pools too.
///
/// Access is not synchronized: use a `Lock`, or atomics. The corresponding Python API is
/// `multiprocessing.shared_memory.SharedMemory`, which finds blocks made here and whose blocks are found here.
public final class SharedMemory: Codable, Sendable {
    /// The name, without a slash; nil for nameless memory.
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

    /// Makes a block of memory under a name, and allocates all the memory for it now.
    ///
    /// - Parameters:
    ///   - name: a name for `shm_open`: no slash except at the start, at most 255 bytes. The default is an unused one,
    ///     `psm_` and eight digits.
    ///   - byteCount: the size, at least 1.
    ///   - unlinksWhenCreatorEnds: whether the name is removed when this process ends, even if it is killed. A small
    ///     child process does this; it runs as long as there are such names.
    ///
    /// Throws `systemCallFailed` with the errno `fileExists` if the name exists, `noSpace` if `/dev/shm` is full,
    /// `noMemory` if the machine does not have that much memory; `invalidState` for an invalid name or size.
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

    /// Finds the block of memory with this name.
    ///
    /// The name is not affected when this object or this process goes away. Throws `systemCallFailed` with the errno
    /// `noSuchFileOrDirectory` if there is no such name, and `invalidState` if the name is invalid, or is not that of
    /// memory of at least one byte. The corresponding Python API is `SharedMemory(name)`.
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
    /// It is freed when all of them have ended, in whatever way. Pages take memory once they are touched.
    ///
    /// Throws `invalidState` for a size that is not positive, and `systemCallFailed` if the kernel refuses. The nearest
    /// Python API is `multiprocessing.heap.BufferWrapper`.
    public init(anonymousOf byteCount: Int) throws(MultiprocessingError) {
        try SharedMemoryName.requirePossible(byteCount: byteCount)
        mapping = Guarded(try SharedMapping(byteCount: byteCount, name: "multiprocessing-memory"))
        (name, identity, self.byteCount) = (nil, FileIdentity(device: 0, number: 0), byteCount)
    }

    /// Takes the memory from the message being received; the receiver has its own mapping.
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

    /// Attaches the memory to the message being sent.
    ///
    /// Where no descriptor can travel (through a queue, to a pool's worker, into a `Manager`), it sends the name, by
    /// which the receiver finds the memory unless it was unlinked meanwhile. Throws `invalidState` if it is closed, and
    /// `encodingFailed` for memory without a name where no descriptor can travel.
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
    /// The addresses are valid in this process and those that it forks, as long as this object lives and is not closed:
    /// keep the object in a variable as long as the bytes are used, or use `withBytes(_:)`. The corresponding Python
    /// API is `SharedMemory.buf`.
    public var bytes: UnsafeMutableRawBufferPointer {
        mapping.withLock {
            $0.map { UnsafeMutableRawBufferPointer(start: $0.base, count: $0.byteCount) }
                ?? UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
    }

    /// Runs a closure with the memory, which stays mapped until the closure returns.
    ///
    /// Rethrows the closure's error. If the memory is closed, the closure gets an empty buffer.
    public func withBytes<Result, Failure>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let mapping = mapping.withLock { $0 }
        defer { withExtendedLifetime(mapping) {} }
        return try body(UnsafeMutableRawBufferPointer(start: mapping?.base, count: mapping?.byteCount ?? 0))
    }

    /// Unmaps the memory in this process; its name and other processes are not affected.
    ///
    /// This also happens when the object is released. Does nothing if it is already closed. The corresponding Python
    /// API is
    /// `SharedMemory.close`.
    public func close() {
        mapping.withLock { $0 = nil }
    }

    /// Removes the name, so that no process can attach any more; processes that have the memory keep it.
    ///
    /// Call it in one process, usually the creator. Throws `systemCallFailed` with the errno `noSuchFileOrDirectory` if
    /// the name is gone, even if another block has it by now, and `invalidState` for memory without a name. The
    /// corresponding Python API is `SharedMemory.unlink`.
    public func unlink() throws(MultiprocessingError) {
        guard let name else {
            throw MultiprocessingError(.invalidState, "this shared memory has no name")
        }
        try SharedMemoryName(name).unlink(identity)
    }

    /// The mapping, which stays mapped while the caller holds it.
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
