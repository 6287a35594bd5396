/// A fixed number of equally large pieces of shared memory, which carry payloads between processes without a copy.
///
/// Make it before the `Pool` or `Process` that uses it: children inherit it by the fork, and so do replacements of dead
/// workers. The process that made it owns the list of free slots. A slot's number travels with a task to a worker, and
/// the slot is released here when the result has been used. This provides back-pressure: without a free slot there is
/// no new task. A page of a slot takes memory only once it has been written to.
///
/// With `isMappedAsUsed`, an arena takes no address space for unused memory. Slots may then be as large as the largest
/// possible payload, even in a process with a small limit on address space (`ulimit -v`).
///
/// The nearest Python API is `multiprocessing.shared_memory.SharedMemory`, used in blocks.
public final class SlotArena: Codable {
    /// The number of slots.
    public let slotCount: Int
    /// The size of each slot in bytes.
    public let slotBytes: Int

    private let memory: Memory
    private let strideBytes: Int
    /// Empty in a process that was sent the arena, which cannot acquire or release slots.
    private var free: [Int]

    private enum Memory {
        case whole(SharedMapping)
        case windows(SharedWindows)
    }

    private enum CodingKeys: CodingKey {
        case slotCount, slotBytes, mapping, windows, strideBytes
    }

    /// Creates the arena; no memory is used yet.
    ///
    /// - Parameters:
    ///   - slotCount: the number of slots.
    ///   - slotBytes: the size of each slot.
    ///   - isMappedAsUsed: whether each process maps only the parts of a slot that it asks `memory(of:byteCount:)` for,
    ///     instead of the whole arena at once.
    ///
    /// Throws `systemCallFailed` if the kernel refuses, and `invalidState` if the sizes are not positive or too large.
    public init(slotCount: Int, slotBytes: Int, isMappedAsUsed: Bool = false) throws(MultiprocessingError) {
        let pageBytes = 4096
        let (padded, overflowed) = slotBytes.addingReportingOverflow(pageBytes - 1)
        let stride = padded / pageBytes * pageBytes
        let (total, totalOverflowed) = stride.multipliedReportingOverflow(by: slotCount)
        guard slotCount > 0, slotBytes > 0, !overflowed, !totalOverflowed else {
            throw MultiprocessingError(
                .invalidState, "invalid arena size: \(slotCount) slots of \(slotBytes) bytes")
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
        // Used as a stack: the slot released last is used next, while its pages are still cached, and slots that are
        // never needed are never touched.
        self.free = Array((0..<slotCount).reversed())
    }

    /// Takes the arena from the message being received: the same memory, with no free slots to acquire.
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

    /// Attaches the memory to the message being sent.
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
    /// Not for an arena with `isMappedAsUsed`.
    public subscript(slot: Int) -> UnsafeMutableRawBufferPointer {
        precondition((0..<slotCount).contains(slot), "no slot \(slot) in an arena of \(slotCount)")
        guard case .whole(let mapping) = memory else {
            preconditionFailure("this arena is mapped as it is used: call memory(of:byteCount:)")
        }
        return UnsafeMutableRawBufferPointer(start: mapping.base + slot * strideBytes, count: slotBytes)
    }

    /// The first bytes of a slot's memory, valid in the calling process until it asks for more of the same slot.
    ///
    /// Throws `systemCallFailed` if the kernel refuses to map that much. The C function is `mmap`.
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
    /// Does not block. Only for the process that made the arena.
    public func acquire() -> Int? {
        free.popLast()
    }

    /// Releases a slot.
    ///
    /// Only for the process that made the arena.
    public func release(_ slot: Int) {
        precondition(!free.contains(slot), "slot \(slot) was released twice")
        free.append(slot)
    }

    /// How many slots are free; `slotCount` once every slot has been released.
    public var freeCount: Int {
        free.count
    }
}
