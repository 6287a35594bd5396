#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

#if _endian(big)
    #error("Numbers are copied to the wire as they lie in memory, which has to be little endian.")
#endif

/// A growable first-in, first-out buffer of raw bytes.
///
/// Bytes are added at the back (``append(bytes:)``, or ``prepareToWrite(atLeast:)`` and ``commit(_:)`` around a `read`)
/// and removed at the front (``readable`` and ``consume(_:)``). The buffer owns its memory and frees it when it is
/// destroyed.
///
///        base        head              tail        base + capacity
///         │ consumed  │    readable     │   spare    │
///
/// The consumed part is reclaimed in one of two ways: at no cost, when the last readable byte has been consumed; or by
/// moving the readable bytes to the front, but only when at least half as many bytes have been consumed as must be
/// moved. So each consumed byte pays for at most two moved ones, and the amortized cost of a byte is constant.
struct ByteBuffer: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    private var head = 0
    private var tail = 0

    /// The most memory that an emptied buffer keeps for its next use.
    static let keptCapacity = 1 << 20

    init() {}

    deinit {
        free(base)
    }

    /// The number of bytes that can be read.
    var count: Int { tail - head }

    /// Whether there is nothing to read.
    var isEmpty: Bool { tail == head }

    /// The bytes that can be read, valid until the buffer is next changed.
    var readable: UnsafeRawBufferPointer {
        guard let base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + head, count: tail - head)
    }
}

// There is only one owner at any time, and the memory is reachable only through it.
extension ByteBuffer: @unchecked Sendable {}

// MARK: - Writing

extension ByteBuffer {
    /// Appends a copy of bytes that lie outside this buffer.
    mutating func append(bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
        tail += bytes.count
    }

    /// Appends the memory of a value, which for an integer is its little-endian bytes.
    mutating func append<T: BitwiseCopyable>(_ value: T) {
        let size = MemoryLayout<T>.size
        reserve(size).storeBytes(of: value, as: T.self)
        tail += size
    }

    /// Appends the first bytes of two words, at most 16, without a function call.
    @inline(__always)
    mutating func append(_ first: UInt64, _ second: UInt64, byteCount: Int) {
        let place = reserve(16)
        place.storeBytes(of: first, as: UInt64.self)
        (place + 8).storeBytes(of: second, as: UInt64.self)
        tail += byteCount
    }

    /// Makes room after the readable bytes, for a call such as `read` to fill.
    ///
    /// The room is at least as large as requested. It is valid until the buffer is next changed; ``commit(_:)`` then
    /// says how much of it has been filled.
    mutating func prepareToWrite(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
        precondition(count >= 0, "room for a negative number of bytes")
        let start = reserve(max(count, 1))
        return UnsafeMutableRawBufferPointer(start: start, count: capacity - tail)
    }

    /// Makes the first `count` bytes of the prepared room readable.
    mutating func commit(_ count: Int) {
        precondition(count >= 0 && count <= capacity - tail, "more bytes committed than were prepared")
        tail += count
    }

    /// Overwrites the bytes at an offset into ``readable``, for example with a length that is known only after its
    /// content.
    mutating func patch<T: BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size, "patch outside the readable bytes")
        guard let base else { return }
        (base + head + offset).storeBytes(of: value, as: T.self)
    }

    /// Moves the bytes from an offset into ``readable`` towards the back; the content of the gap is undefined.
    mutating func openGap(of gapBytes: Int, at offset: Int) {
        precondition(gapBytes >= 0 && offset >= 0 && offset <= count, "a gap outside the readable bytes")
        guard gapBytes > 0 else { return }
        _ = reserve(gapBytes)
        guard let base else { return }
        let place = base + head + offset
        memmove(place + gapBytes, place, count - offset)
        tail += gapBytes
    }

    /// Overwrites the bytes in a range of offsets into ``readable`` with zeros.
    @inline(__always)
    mutating func clear(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes outside the readable ones")
        guard let base else { return }
        memset(base + head + range.lowerBound, 0, range.count)
    }
}

// MARK: - Removing

extension ByteBuffer {
    /// Removes the first `count` readable bytes.
    mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count, "more bytes consumed than are readable")
        head += count
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Removes the bytes in a range of offsets into ``readable`` and closes the gap.
    mutating func remove(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "removal outside the readable bytes")
        guard let base, !range.isEmpty else { return }
        let gap = base + head + range.lowerBound
        gap.copyMemory(from: gap + range.count, byteCount: count - range.upperBound)
        tail -= range.count
    }

    /// Removes all bytes and keeps the memory for the next use, unless it is more than ``keptCapacity``.
    mutating func removeAll() {
        head = 0
        tail = 0
        if capacity > Self.keptCapacity {
            free(base)
            base = nil
            capacity = 0
        }
    }
}

// MARK: - Memory

extension ByteBuffer {
    /// Makes sure that `count` bytes fit after the readable ones, and returns where they start.
    @inline(__always)
    private mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        if let base, count <= capacity - tail { return base + tail }
        return makeRoom(count)
    }

    @inline(never)
    private mutating func makeRoom(_ count: Int) -> UnsafeMutableRawPointer {
        let live = tail - head
        if let base, head >= live / 2, count <= capacity - live {
            base.copyMemory(from: base + head, byteCount: live)
            head = 0
            tail = live
            return base + tail
        }
        grow(to: max(live + count, 2 * capacity, 64))
        guard let base else { fatalError("out of memory") }
        return base + tail
    }

    private mutating func grow(to newCapacity: Int) {
        if let base, head > 0 {
            base.copyMemory(from: base + head, byteCount: tail - head)
            tail -= head
            head = 0
        }
        // realloc can remap the pages of a large buffer without copying, so that it never takes twice the memory.
        guard let moved = realloc(base, newCapacity) else { fatalError("out of memory") }
        base = moved
        capacity = newCapacity
        HugePages.advise(moved, byteCount: newCapacity)
    }
}
