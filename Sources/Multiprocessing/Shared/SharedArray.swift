/// A fixed number of values that processes share, with one lock for all.
///
///     let cells = try SharedArray(repeating: 0.0, count: 1000)
///     let child = Process { cells.withLock { $0.sort() } }
///
/// The elements can be of any type that is `BitwiseCopyable`. Reading or writing one element takes the lock; `values`
/// copies all under the lock, and `withLock` lends them. A process that is killed inside `withLock` leaves what it has
/// written until then; the next to take `lock` is told `recovered`. See `SharedValue` for the rest.
///
/// The corresponding Python API is `multiprocessing.Array`.
public final class SharedArray<Element: BitwiseCopyable>: Codable {
    /// The lock under which the elements are read and written.
    ///
    /// The corresponding Python API is `multiprocessing.Array.get_lock`.
    public let lock: RLock

    private let elements: SharedElements<Element>

    private init(count: Int) throws(MultiprocessingError) {
        elements = try SharedElements(.array, headBytes: LockCore.byteCount, count: count)
        lock = RLock(core: try LockCore(makingIn: elements.mapping, isRecursive: true))
    }

    /// Shares so many elements, which all begin as this one.
    ///
    /// Where that is zero, memory is used only for what is written later.
    ///
    /// Throws `invalidState` where the count is negative or too large to be counted in bytes, and `systemCallFailed`.
    public convenience init(repeating element: Element, count: Int) throws(MultiprocessingError) {
        try self.init(count: count)
        elements.fill(with: element)
    }

    /// Shares a copy of these elements.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public convenience init(_ initial: some Sequence<Element>) throws(MultiprocessingError) {
        let initial = Array(initial)
        try self.init(count: initial.count)
        _ = elements.buffer.update(from: initial)
    }

    /// Takes the elements out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        elements = try SharedElements(.array, headBytes: LockCore.byteCount, from: decoder)
        lock = RLock(core: LockCore(in: elements.mapping, isRecursive: true))
    }

    /// Attaches the array to the message that is being sent: the memory itself, no copy.
    public func encode(to encoder: any Encoder) throws {
        try elements.mapping.encode(to: encoder)
    }

    /// The number of elements, which never changes.
    ///
    /// The corresponding Python API is `len(array)`.
    public var count: Int {
        elements.buffer.count
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

    /// A copy of all elements, as they are at one moment.
    ///
    /// Blocks until the lock is free.
    ///
    /// The corresponding Python API is `array[:]`.
    public var values: [Element] {
        withLock { Array($0) }
    }

    /// Runs the body with the lock held and lends it the elements, which are the shared memory itself.
    ///
    /// The pointer must not leave the body. Blocks until the lock is free.
    ///
    /// Throws what the body throws. The corresponding Python API is `with array.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withLock { (buffer: inout UnsafeMutableBufferPointer<Element>, _: Acquisition) throws(Failure) in
            try body(&buffer)
        }
    }

    /// Runs the body with the lock held, lends it the elements, and tells it how the lock was come by.
    ///
    /// The pointer must not leave the body. Blocks until the lock is free.
    ///
    /// Throws what the body throws. The corresponding Python API is `with array.get_lock():`.
    public func withLock<Result, Failure: Error>(
        _ body: (inout UnsafeMutableBufferPointer<Element>, Acquisition) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let acquisition = lock.core.acquireOrEnd()
        defer { lock.core.releaseOrEnd() }
        // `inout` only because the methods that change a collection ask for it.
        var buffer = elements.buffer
        return try body(&buffer, acquisition)
    }
}

extension SharedArray: @unchecked Sendable where Element: Sendable {}

extension SharedArray where Element: AdditiveArithmetic {
    /// Shares so many zeros.
    ///
    /// Memory is used only for what is written later.
    ///
    /// Throws `invalidState` where the count is negative or too large to be counted in bytes, and `systemCallFailed`.
    public convenience init(count: Int) throws(MultiprocessingError) {
        try self.init(repeating: .zero, count: count)
    }
}
