/// The common part of a list and an array in a manager server.
///
/// Each method is one atomic request, except `update(at:_:)`, which has the same effect. All of them block until the
/// server has answered, and throw as `ManagerProxy` describes; also `requestFailed` for an index out of range.
public class ElementsProxy<Element: Codable>: ManagerProxy, @unchecked Sendable {
    fileprivate final let coder = MessageCoder<Element>.codable()

    /// The element at an index.
    ///
    /// The corresponding Python API is `list.__getitem__`.
    public final func get(_ index: Int) throws(MultiprocessingError) -> Element {
        try element(at: index, coder)
    }

    /// Replaces the element at an index.
    ///
    /// The corresponding Python API is `list.__setitem__`.
    public final func set(_ index: Int, to element: Element) throws(MultiprocessingError) {
        try setElement(at: index, to: element, coder)
    }

    /// Changes the element at an index so that no other process's change is lost.
    ///
    /// The closure is called again if another process changed or moved the element meanwhile, so it should have no
    /// other effects. Returns the closure's result and rethrows its error. In Python one takes a lock.
    @discardableResult
    public final func update<Result>(at index: Int, _ change: (inout Element) throws -> Result) throws -> Result {
        try updateElement(at: index, coder, change)
    }

    /// The elements in an index range, clipped to the list: `get(2...)`, `get(..<10)`.
    ///
    /// Throws `requestFailed` for a range that starts below 0; Python counts from the end there. The corresponding
    /// Python API is `list.__getitem__` with a slice.
    public final func get(_ range: some RangeExpression<Int>) throws(MultiprocessingError) -> [Element] {
        try fetchAll(.slice, coder) { (arguments) throws(MultiprocessingError) in
            arguments.append(boundsOf: range)
        }
    }

    /// All elements, as a snapshot.
    ///
    ///     for element in try list.values() { … }
    ///
    /// One request, whatever others do to the list meanwhile. In Python `for element in list` sends a request for each
    /// element. The corresponding Python API is `list.copy`, and `array.array.tolist`.
    public final func values() throws(MultiprocessingError) -> [Element] {
        try fetchAll(.values, coder)
    }

    /// The number of elements.
    ///
    /// The corresponding Python API is `len(list)`.
    public final var count: Int {
        get throws(MultiprocessingError) { try count(.count) }
    }
}

/// A list in a manager server.
///
/// For the methods that it shares with an array see `ElementsProxy`; each method here is one atomic request as well,
/// and throws the same errors. Elements are equal if they are encoded to the same bytes. The corresponding Python API
/// is `multiprocessing.managers.ListProxy`.
public final class ListProxy<Element: Codable>: ElementsProxy<Element>, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .list }

    /// Adds an element at the end.
    ///
    /// The corresponding Python API is `list.append`.
    public func append(_ element: Element) throws(MultiprocessingError) {
        try perform(.append) { (arguments) throws(MultiprocessingError) in try arguments.append(element, coder) }
    }

    /// Adds many elements at the end, in one request.
    ///
    /// The corresponding Python API is `list.extend`.
    public func extend(_ elements: some Sequence<Element>) throws(MultiprocessingError) {
        try perform(.append) { (arguments) throws(MultiprocessingError) in
            for element in elements { try arguments.append(element, coder) }
        }
    }

    /// Inserts an element before the one at an index, or at the end if the index is past it.
    ///
    /// Throws `requestFailed` for a negative index. The corresponding Python API is `list.insert`.
    public func insert(_ element: Element, at index: Int) throws(MultiprocessingError) {
        try perform(.insert) { (arguments) throws(MultiprocessingError) in
            arguments.append(Int64(index))
            try arguments.append(element, coder)
        }
    }

    /// Removes the last element and returns it; nil if the list is empty.
    ///
    /// The corresponding Python API is `list.pop`.
    public func pop() throws(MultiprocessingError) -> Element? {
        try fetch(.pop, coder)
    }

    /// Removes the element at an index and returns it.
    ///
    /// The corresponding Python API is `list.pop`.
    @discardableResult
    public func remove(at index: Int) throws(MultiprocessingError) -> Element {
        try require(fetch(.pop, coder) { (arguments) throws(MultiprocessingError) in arguments.append(Int64(index)) })
    }

    /// Removes the first element that is equal to this one; returns whether there was one.
    ///
    /// The corresponding Python API is `list.remove`.
    @discardableResult
    public func remove(_ element: Element) throws(MultiprocessingError) -> Bool {
        try ask(.removeValue) { (arguments) throws(MultiprocessingError) in try arguments.append(element, coder) }
    }

    /// Replaces the elements in a range, clipped to the list, by any number of elements.
    ///
    /// Throws `requestFailed` for a range that starts below 0. The corresponding Python API is `list.__setitem__` with
    /// a
    /// slice, and `list.__delitem__`.
    public func replace(
        _ range: some RangeExpression<Int>, with elements: some Sequence<Element>
    ) throws(MultiprocessingError) {
        try perform(.replace) { (arguments) throws(MultiprocessingError) in
            arguments.append(boundsOf: range)
            for element in elements { try arguments.append(element, coder) }
        }
    }

    /// The index of the first element that is equal to this one, or nil.
    ///
    /// The corresponding Python API is `list.index`.
    public func index(of element: Element) throws(MultiprocessingError) -> Int? {
        try link.call(.index, on: object) { (arguments) throws(MultiprocessingError) in
            try arguments.append(element, coder)
        } _: { status, results throws(MultiprocessingError) in
            status == .absent ? nil : Int(try results.result(Int64.self))
        }
    }

    /// Whether an element is equal to this one.
    ///
    /// The corresponding Python API is `list.__contains__`.
    public func contains(_ element: Element) throws(MultiprocessingError) -> Bool {
        try index(of: element) != nil
    }

    /// The number of elements that are equal to this one.
    ///
    /// The corresponding Python API is `list.count`.
    public func count(of element: Element) throws(MultiprocessingError) -> Int {
        try link.call(.countValue, on: object) { (arguments) throws(MultiprocessingError) in
            try arguments.append(element, coder)
        } _: { _, results throws(MultiprocessingError) in
            Int(try results.result(Int64.self))
        }
    }

    /// Changes the whole list so that no other process's change is lost.
    ///
    ///     try list.update { $0.removeAll { $0.isDone } }
    ///
    /// The closure gets all elements and may change them in any way. It is called again if another process changed the
    /// list meanwhile, so it should have no other effects. The whole list is sent both ways. Returns the closure's
    /// result and rethrows its error. In Python one takes a lock.
    @discardableResult
    public func update<Result>(_ change: (inout [Element]) throws -> Result) throws -> Result {
        try update(.getAllStamped, .exchangeAll) { results throws(MultiprocessingError) in
            try results.values(coder)
        } writing: { elements, arguments throws(MultiprocessingError) in
            for element in elements { try arguments.append(element, coder) }
        } changing: { elements in
            try change(&elements)
        }
    }

    /// Sorts the elements: an `update`, because the server cannot compare elements.
    ///
    /// - Parameter areInIncreasingOrder: whether the first element comes before the second.
    ///
    /// The sort is stable. Rethrows the closure's error. The corresponding Python API is `list.sort` with a `key`.
    public func sort(by areInIncreasingOrder: (Element, Element) throws -> Bool) throws {
        try update { try $0.sort(by: areInIncreasingOrder) }
    }

    /// Reverses the order of the elements.
    ///
    /// The corresponding Python API is `list.reverse`.
    public func reverse() throws(MultiprocessingError) {
        try perform(.reverse)
    }

    /// Removes all elements.
    ///
    /// The corresponding Python API is `list.clear`.
    public func clear() throws(MultiprocessingError) {
        try perform(.clear)
    }
}

extension ListProxy where Element: Comparable {
    /// Sorts the elements in increasing order: an `update`, because the server cannot compare elements.
    ///
    /// The corresponding Python API is `list.sort`.
    public func sort() throws {
        try sort(by: <)
    }
}

extension ByteBuffer {
    /// Appends both ends of a range; a missing end is the list's own.
    fileprivate mutating func append(boundsOf range: some RangeExpression<Int>) {
        let (lower, upper) = range.ends
        append(Int64(lower))
        append(Int64(upper ?? .max))
    }
}

/// An array of fixed length in a manager server.
///
/// All its methods are in `ElementsProxy`. The corresponding Python API is `multiprocessing.managers.ArrayProxy`.
public final class ArrayProxy<Element: Codable>: ElementsProxy<Element>, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .array }
}

/// A single value in a manager server.
///
/// Each method is one atomic request, except `update(_:)`, which has the same effect. All of them block until the
/// server has answered, and throw as `ManagerProxy` describes. The corresponding Python API is
/// `multiprocessing.managers.ValueProxy`.
public final class ValueProxy<Value: Codable>: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .value }

    private let coder = MessageCoder<Value>.codable()

    /// The value.
    ///
    /// The corresponding Python API is `ValueProxy.get`.
    public func get() throws(MultiprocessingError) -> Value {
        try element(at: 0, coder)
    }

    /// Sets the value.
    ///
    /// The corresponding Python API is `ValueProxy.set`.
    public func set(_ value: Value) throws(MultiprocessingError) {
        try setElement(at: 0, to: value, coder)
    }

    /// Changes the value so that no other process's change is lost.
    ///
    /// The closure is called again if another process changed the value meanwhile, so it should have no other effects.
    /// Returns the closure's result and rethrows its error. In Python one takes a lock.
    @discardableResult
    public func update<Result>(_ change: (inout Value) throws -> Result) throws -> Result {
        try updateElement(at: 0, coder, change)
    }
}

// Requests that are the same for a list, an array and a value.
extension ManagerProxy {
    fileprivate func require<Value>(_ value: Value?) throws(MultiprocessingError) -> Value {
        guard let value else { throw MultiprocessingError.badReply }
        return value
    }

    fileprivate func element<Element>(
        at index: Int, _ coder: MessageCoder<Element>
    ) throws(MultiprocessingError) -> Element {
        try require(fetch(.get, coder) { (arguments) throws(MultiprocessingError) in arguments.append(Int64(index)) })
    }

    fileprivate func setElement<Element>(
        at index: Int, to element: Element, _ coder: MessageCoder<Element>
    ) throws(MultiprocessingError) {
        try perform(.set) { (arguments) throws(MultiprocessingError) in
            arguments.append(Int64(index))
            try arguments.append(element, coder)
        }
    }

    fileprivate func updateElement<Element, Result>(
        at index: Int, _ coder: MessageCoder<Element>, _ change: (inout Element) throws -> Result
    ) throws -> Result {
        try update(coder, at: { (arguments) throws(MultiprocessingError) in arguments.append(Int64(index)) }) { value in
            guard var element = value else { throw MultiprocessingError.badReply }
            defer { value = element }
            return try change(&element)
        }
    }
}
