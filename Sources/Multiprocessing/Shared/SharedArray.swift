/// A fixed number of values that processes share, with one lock for all.
///
///     let cells = try SharedArray(repeating: 0.0, count: 1000)
///     let child = Process { cells.withLock { $0.sort() } }
///
/// The elements can be of any `BitwiseCopyable` type. Reading or writing one element takes the lock; `values` and index
/// ranges copy many elements under the lock, and `withLock` lends all of them. It is a `Sequence`, whose loops and
/// algorithms see a snapshot of the elements. It is not a `Collection`, because concurrent changes would break a
/// collection's promises: use `values`. A process that is killed inside `withLock` leaves what it has written until
/// then; the next to take `lock` is told `recovered`. See `SharedValue` for the rest.
///
/// The corresponding Python API is `multiprocessing.Array`.
public final class SharedArray<Element: BitwiseCopyable>: Codable {
    /// The lock under which the elements are read and written.
    ///
    /// The corresponding Python API is `multiprocessing.Array.get_lock`.
    public var lock: RLock { guarded.lock }

    private let guarded: GuardedElements<Element>

    /// Shares `count` elements with the same initial value.
    ///
    /// - Parameters:
    ///   - element: the initial value of each. If it is zero, memory is used only for what is written later.
    ///   - count: the number of elements.
    ///   - lock: guards them, and possibly other values; the default is the array's own lock.
    ///
    /// Throws `invalidState` if the count is negative or its size in bytes overflows, and `systemCallFailed`. The
    /// corresponding Python API is `multiprocessing.Array(typecode, count, lock=lock)`.
    public init(repeating element: Element, count: Int, lock: RLock? = nil) throws(MultiprocessingError) {
        guarded = try GuardedElements(.array, count: count, lock: lock)
        elements.fill(with: element)
    }

    /// Shares a copy of these elements.
    ///
    /// - Parameters:
    ///   - initial: the initial values.
    ///   - lock: guards them, and possibly other values; the default is the array's own lock.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left. The corresponding Python API is
    /// `multiprocessing.Array(typecode, sequence, lock=lock)`.
    public init(_ initial: some Sequence<Element>, lock: RLock? = nil) throws(MultiprocessingError) {
        let initial = Array(initial)
        guarded = try GuardedElements(.array, count: initial.count, lock: lock)
        _ = elements.buffer.update(from: initial)
    }

    /// Takes the elements from the message being received.
    public init(from decoder: any Decoder) throws {
        guarded = try GuardedElements(.array, from: decoder)
    }

    /// Attaches the array and its lock to the message being sent: the memory itself, not a copy.
    public func encode(to encoder: any Encoder) throws {
        try guarded.encode(to: encoder)
    }

    private var elements: SharedElements<Element> { guarded.elements }

    /// The number of elements, which never changes.
    ///
    /// The corresponding Python API is `len(array)`.
    public var count: Int {
        elements.buffer.count
    }

    /// Whether the array has no elements.
    public var isEmpty: Bool {
        count == 0
    }

    /// All indices, from 0.
    public var indices: Range<Int> {
        0..<count
    }

    /// One element.
    ///
    /// Blocks until the lock is free, for reading and for writing. An index out of range ends the program. As with
    /// `SharedValue.value`, `array[0] += 1` takes the lock twice.
    public subscript(index: Int) -> Element {
        get {
            let element = elements.element(index)
            return withLock { _ in element.pointee }
        }
        set {
            let element = elements.element(index)
            withLock { _ in element.pointee = newValue }
        }
    }

    /// A copy of the elements in an index range, as a snapshot: `array[2..<5]`, `array[2...]`.
    ///
    /// Setting them takes the lock once too, and requires as many elements as the range has. Blocks until the lock is
    /// free. A range that exceeds `indices`, or another number of elements, ends the program. The corresponding Python
    /// API is `array[start:stop]`, which ignores what is past the end.
    public subscript(range: some RangeExpression<Int>) -> [Element] {
        get {
            let range = elements.range(range)
            return withLock { Array($0[range]) }
        }
        set {
            let range = elements.range(range)
            guard newValue.count == range.count else {
                fatalError("\(newValue.count) elements cannot take the place of \(range.count) in a shared array")
            }
            withLock { buffer in
                _ = UnsafeMutableBufferPointer(rebasing: buffer[range]).update(from: newValue)
            }
        }
    }

    /// A copy of all elements, as a snapshot.
    ///
    /// Blocks until the lock is free.
    ///
    /// The corresponding Python API is `array[:]`.
    public var values: [Element] {
        withLock { Array($0) }
    }

    /// Runs the body with the lock held and lends it the elements in the shared memory itself.
    ///
    /// The pointer must not leave the body. Blocks until the lock is free.
    ///
    /// Rethrows the body's error. The corresponding Python API is `with array.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withLock { (buffer: inout UnsafeMutableBufferPointer<Element>, _: Acquisition) throws(Failure) in
            try body(&buffer)
        }
    }

    /// Runs the body with the lock held, lends it the elements, and tells it whether the last holder had released the
    /// lock.
    ///
    /// The pointer must not leave the body. Blocks until the lock is free.
    ///
    /// Rethrows the body's error. The corresponding Python API is `with array.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout UnsafeMutableBufferPointer<Element>, Acquisition) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let acquisition = lock.core.acquireOrEnd()
        defer { lock.core.releaseOrEnd() }
        // `inout` only because the methods that change a collection require it.
        var buffer = elements.buffer
        return try body(&buffer, acquisition)
    }
}

extension SharedArray: @unchecked Sendable where Element: Sendable {}

extension SharedArray: Sequence {
    /// Iterates over a copy of all elements, as a snapshot.
    ///
    /// Blocks until the lock is free. The corresponding Python expression is `iter(array)`, which takes the lock for
    /// each element separately.
    public func makeIterator() -> IndexingIterator<[Element]> {
        values.makeIterator()
    }

    /// The number of elements.
    public var underestimatedCount: Int {
        count
    }
}

extension SharedArray where Element: AdditiveArithmetic {
    /// Shares `count` zeros.
    ///
    /// - Parameters:
    ///   - count: the number of elements. Memory is used only for what is written later.
    ///   - lock: guards them, and possibly other values; the default is the array's own lock.
    ///
    /// Throws `invalidState` if the count is negative or its size in bytes overflows, and `systemCallFailed`. The
    /// corresponding Python API is `multiprocessing.Array(typecode, count, lock=lock)`.
    public convenience init(count: Int, lock: RLock? = nil) throws(MultiprocessingError) {
        try self.init(repeating: .zero, count: count, lock: lock)
    }
}

extension SharedArray: CustomStringConvertible {
    /// The number of elements: `SharedArray<Double>(1000 elements)`; for the elements see `values`.
    ///
    /// Does not block.
    public var description: String {
        "\(type(of: self))(\(elements.contents))"
    }
}
