/// What a list and an array in a manager server have in common.
///
/// Each method is one request and atomic, but for `update(at:_:)`, which is as good. All of them block until the server
/// has answered, and throw as `ManagerProxy` says, `requestFailed` also for an index that there is not.
public class ElementsProxy<Element: Codable>: ManagerProxy, @unchecked Sendable {
    fileprivate final let coder = MessageCoder<Element>.codable()

    /// The element at an index.
    ///
    /// The corresponding Python API is `list.__getitem__`.
    public final func get(_ index: Int) throws(MultiprocessingError) -> Element {
        try element(at: index, coder)
    }

    /// Puts an element in the place of the one at an index.
    ///
    /// The corresponding Python API is `list.__setitem__`.
    public final func set(_ index: Int, to element: Element) throws(MultiprocessingError) {
        try setElement(at: index, to: element, coder)
    }

    /// Changes the element at an index, where no other process changes it in between.
    ///
    /// The closure is called again when another process was faster, or has put another element there, so it should do
    /// nothing else. Returns what it returned, and throws what it throws. In Python one takes a lock.
    @discardableResult
    public final func update<Result>(at index: Int, _ change: (inout Element) throws -> Result) throws -> Result {
        try updateElement(at: index, coder, change)
    }

    /// The elements in a range of indices, of which those past the end are left out: `get(2...)`, `get(..<10)`.
    ///
    /// Throws `requestFailed` for a range that begins before 0; Python counts from the end there. The corresponding
    /// Python API is `list.__getitem__` with a slice.
    public final func get(_ range: some RangeExpression<Int>) throws(MultiprocessingError) -> [Element] {
        try fetchAll(.slice, coder) { (arguments) throws(MultiprocessingError) in
            arguments.append(boundsOf: range)
        }
    }

    /// All elements, as they were at one moment.
    ///
    ///     for element in try list.values() { … }
    ///
    /// One request, whatever others do to the list meanwhile. In Python `for element in list` asks for each element by
    /// itself. The corresponding Python API is `list.copy`, and `array.array.tolist`.
    public final func values() throws(MultiprocessingError) -> [Element] {
        try fetchAll(.values, coder)
    }

    /// How many elements there are.
    ///
    /// The corresponding Python API is `len(list)`.
    public final var count: Int {
        get throws(MultiprocessingError) { try count(.count) }
    }
}

/// A list in a manager server.
///
/// `ElementsProxy` has what it shares with an array; each method here is one request and atomic as well, and throws the
/// same. Elements are equal when they are encoded to the same bytes. The corresponding Python API is
/// `multiprocessing.managers.ListProxy`.
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

    /// Puts an element before the one at an index, or at the end where the index is past it.
    ///
    /// Throws `requestFailed` for an index below 0. The corresponding Python API is `list.insert`.
    public func insert(_ element: Element, at index: Int) throws(MultiprocessingError) {
        try perform(.insert) { (arguments) throws(MultiprocessingError) in
            arguments.append(Int64(index))
            try arguments.append(element, coder)
        }
    }

    /// Removes the last element and returns it, nil where there is none.
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

    /// Removes the first element that is equal to this one; whether there was one.
    ///
    /// The corresponding Python API is `list.remove`.
    @discardableResult
    public func remove(_ element: Element) throws(MultiprocessingError) -> Bool {
        try ask(.removeValue) { (arguments) throws(MultiprocessingError) in try arguments.append(element, coder) }
    }

    /// Puts any number of elements, also none, in the place of those in a range; what of it is past the end counts for
    /// nothing.
    ///
    /// Throws `requestFailed` for a range that begins before 0. The corresponding Python API is `list.__setitem__` with a
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

    /// How many elements are equal to this one.
    ///
    /// The corresponding Python API is `list.count`.
    public func count(of element: Element) throws(MultiprocessingError) -> Int {
        try link.call(.countValue, on: object) { (arguments) throws(MultiprocessingError) in
            try arguments.append(element, coder)
        } _: { _, results throws(MultiprocessingError) in
            Int(try results.result(Int64.self))
        }
    }

    /// Changes the list as a whole, where no other process changes it in between.
    ///
    ///     try list.update { $0.removeAll { $0.isDone } }
    ///
    /// The closure gets all elements and may do to them what it likes. It is called again when another process was faster,
    /// so it should do nothing else. The whole list travels both ways. Returns what the closure returned, and throws what
    /// it throws. In Python one takes a lock.
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

    /// Puts the elements into order: `update` with a sort, as the server cannot compare what it holds.
    ///
    /// - Parameter areInIncreasingOrder: whether the first comes before the second.
    ///
    /// Equal elements stay in the order in which they were. Throws what the closure throws, too. The corresponding Python
    /// API is `list.sort` with a `key`.
    public func sort(by areInIncreasingOrder: (Element, Element) throws -> Bool) throws {
        try update { try $0.sort(by: areInIncreasingOrder) }
    }

    /// Puts the elements into the opposite order.
    ///
    /// The corresponding Python API is `list.reverse`.
    public func reverse() throws(MultiprocessingError) {
        try perform(.reverse)
    }

    /// Removes everything.
    ///
    /// The corresponding Python API is `list.clear`.
    public func clear() throws(MultiprocessingError) {
        try perform(.clear)
    }
}

extension ListProxy where Element: Comparable {
    /// Puts the elements into order, the least first: `update` with a sort, as the server cannot compare what it holds.
    ///
    /// The corresponding Python API is `list.sort`.
    public func sort() throws {
        try sort(by: <)
    }
}

extension ByteBuffer {
    /// Appends both ends of a range; one that is not given is the list's own.
    fileprivate mutating func append(boundsOf range: some RangeExpression<Int>) {
        let (lower, upper) = range.ends
        append(Int64(lower))
        append(Int64(upper ?? .max))
    }
}

/// An array in a manager server, whose length stays as it was made.
///
/// `ElementsProxy` has all its methods. The corresponding Python API is `multiprocessing.managers.ArrayProxy`.
public final class ArrayProxy<Element: Codable>: ElementsProxy<Element>, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .array }
}

/// A single value in a manager server.
///
/// Each method is one request and atomic, but for `update(_:)`, which is as good. All of them block until the server
/// has answered, and throw as `ManagerProxy` says. The corresponding Python API is
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

    /// Changes the value, where no other process changes it in between.
    ///
    /// The closure is called again when another process was faster, so it should do nothing else. Returns what it
    /// returned, and throws what it throws. In Python one takes a lock.
    @discardableResult
    public func update<Result>(_ change: (inout Value) throws -> Result) throws -> Result {
        try updateElement(at: 0, coder, change)
    }
}

// What a list, an array and a value ask in the same way.
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
