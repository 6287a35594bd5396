/// A fixed number of equally large pieces of shared memory, which carry payloads between processes without a copy.
///
/// Make it before the `Pool` or `Process` that uses it: children get it with the fork, replacements of dead workers
/// too. The process that made it owns the list of free slots; a slot's number travels with a task to a worker, and is
/// released here when the result has been used. That is the back-pressure: no free slot, no new task. A page of a slot
/// takes memory only once it was written to.
///
/// An arena that is mapped as it is used takes no address space for what nobody needs: slots may then be as large as the
/// largest payload that may ever come, also where a process may have little (`ulimit -v`).
///
/// The nearest Python API is `multiprocessing.shared_memory.SharedMemory`, used in blocks.
public final class SlotArena: Codable {
    /// The number of slots.
    public let slotCount: Int
    /// The size of each slot in bytes.
    public let slotBytes: Int

    private let memory: Memory
    private let strideBytes: Int
    /// Empty in a process that was sent the arena, which has no say over its slots.
    private var free: [Int]

    private enum Memory {
        case whole(SharedMapping)
        case windows(SharedWindows)
    }

    private enum CodingKeys: CodingKey {
        case slotCount, slotBytes, mapping, windows, strideBytes
    }

    /// Makes the memory; nothing of it is used yet.
    ///
    /// - Parameters:
    ///   - slotCount: the number of slots.
    ///   - slotBytes: the size of each slot.
    ///   - isMappedAsUsed: whether each process maps of a slot only what it asks `memory(of:byteCount:)` for, in place of
    ///     the whole arena at once.
    ///
    /// Throws `systemCallFailed` where the kernel refuses, `invalidState` where the sizes are not positive or too large.
    public init(slotCount: Int, slotBytes: Int, isMappedAsUsed: Bool = false) throws(MultiprocessingError) {
        let pageBytes = 4096
        let (padded, overflowed) = slotBytes.addingReportingOverflow(pageBytes - 1)
        let stride = padded / pageBytes * pageBytes
        let (total, totalOverflowed) = stride.multipliedReportingOverflow(by: slotCount)
        guard slotCount > 0, slotBytes > 0, !overflowed, !totalOverflowed else {
            throw MultiprocessingError(
                .invalidState, "an arena of \(slotCount) slots of \(slotBytes) bytes is impossible")
        }
        let name = "poolmap-slots"
        if isMappedAsUsed, let windows = try SharedWindows(count: slotCount, strideBytes: stride, name: name) {
            memory = .windows(windows)
        } else {
            memory = .whole(try SharedMapping(byteCount: total, name: name))
        }
        self.slotCount = slotCount
        self.slotBytes = slotBytes
        self.strideBytes = stride
        // Taken from the end: the slot that was released last is used next, while its pages are in the caches, and
        // slots that are never needed are never touched.
        self.free = Array((0..<slotCount).reversed())
    }

    /// Takes the arena out of the message that is being received: the same memory, with no free slots to acquire.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        slotCount = try container.decode(Int.self, forKey: .slotCount)
        slotBytes = try container.decode(Int.self, forKey: .slotBytes)
        strideBytes = try container.decode(Int.self, forKey: .strideBytes)
        let byteCount: Int
        if let windows = try container.decodeIfPresent(SharedWindows.self, forKey: .windows) {
            memory = .windows(windows)
            byteCount = windows.byteCount
        } else {
            let mapping = try container.decode(SharedMapping.self, forKey: .mapping)
            memory = .whole(mapping)
            byteCount = mapping.byteCount
        }
        free = []
        let (total, overflowed) = strideBytes.multipliedReportingOverflow(by: slotCount)
        guard slotCount > 0, slotBytes > 0, slotBytes <= strideBytes, !overflowed, total <= byteCount else {
            throw MultiprocessingError(.decodingFailed, "the message's arena is larger than its memory")
        }
    }

    /// Attaches the memory to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(slotCount, forKey: .slotCount)
        try container.encode(slotBytes, forKey: .slotBytes)
        try container.encode(strideBytes, forKey: .strideBytes)
        switch memory {
        case .whole(let mapping): try container.encode(mapping, forKey: .mapping)
        case .windows(let windows): try container.encode(windows, forKey: .windows)
        }
    }

    /// The memory of a slot, valid in every process as long as the arena lives there.
    ///
    /// Not for an arena that is mapped as it is used.
    public subscript(slot: Int) -> UnsafeMutableRawBufferPointer {
        precondition((0..<slotCount).contains(slot), "no slot \(slot) in an arena of \(slotCount)")
        guard case .whole(let mapping) = memory else {
            preconditionFailure("this arena is mapped as it is used: ask for memory(of:byteCount:)")
        }
        return UnsafeMutableRawBufferPointer(start: mapping.base + slot * strideBytes, count: slotBytes)
    }

    /// The first bytes of a slot's memory, valid in the calling process until it asks for more of the same slot.
    ///
    /// Throws `systemCallFailed` where the kernel refuses to map so much. The C function is `mmap`.
    public func memory(of slot: Int, byteCount: Int) throws(MultiprocessingError) -> UnsafeMutableRawBufferPointer {
        precondition((0..<slotCount).contains(slot), "no slot \(slot) in an arena of \(slotCount)")
        precondition((0...slotBytes).contains(byteCount), "\(byteCount) bytes of a slot of \(slotBytes)")
        let base =
            switch memory {
            case .whole(let mapping): mapping.base + slot * strideBytes
            case .windows(let windows): try windows.base(of: slot, byteCount: byteCount)
            }
        return UnsafeMutableRawBufferPointer(start: base, count: byteCount)
    }

    /// Takes a free slot, or nil when all are taken.
    ///
    /// Does not block. For the process that made the arena only.
    public func acquire() -> Int? {
        free.popLast()
    }

    /// Gives a slot back.
    ///
    /// For the process that made the arena only.
    public func release(_ slot: Int) {
        precondition(!free.contains(slot), "slot \(slot) was released twice")
        free.append(slot)
    }

    /// How many slots are free; `slotCount` once all that was taken has been given back.
    public var freeCount: Int {
        free.count
    }
}
