/// Named attributes in a manager server, each of its own type.
///
///     try settings.set("limit", to: 10)
///     try settings.get("limit", as: Int.self)                  // 10
///
/// Each method is one atomic request, except `update(_:as:_:)`, which has the same effect. All of them block until the
/// server has answered, and throw as `ManagerProxy` describes; also `decodingFailed` for an attribute of another type.
/// The corresponding Python API is `multiprocessing.managers.NamespaceProxy`.
public final class NamespaceProxy: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .namespace }

    private let nameCoder = MessageCoder<String>.codable()

    /// The attribute with a name, or nil if there is none.
    ///
    /// The corresponding Python expression is `namespace.name`.
    public func get<Value: Codable>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(MultiprocessingError) -> Value? {
        try fetch(.get, MessageCoder<Value>.codable()) { (arguments) throws(MultiprocessingError) in
            try arguments.append(name, nameCoder)
        }
    }

    /// Sets an attribute.
    ///
    /// The corresponding Python statement is `namespace.name = value`.
    public func set<Value: Codable>(_ name: String, to value: Value) throws(MultiprocessingError) {
        try perform(.set) { (arguments) throws(MultiprocessingError) in
            try arguments.append(name, nameCoder)
            try arguments.append(value, MessageCoder<Value>.codable())
        }
    }

    /// Changes an attribute so that no other process's change is lost.
    ///
    /// The closure gets the value, or nil if there is none, and sets it to nil to remove it. It is called again if
    /// another process changed the value meanwhile, so it should have no other effects. Returns the closure's result
    /// and rethrows its error.
    ///
    /// In Python one takes a lock.
    @discardableResult
    public func update<Value: Codable, Result>(
        _ name: String, as type: Value.Type = Value.self, _ change: (inout Value?) throws -> Result
    ) throws -> Result {
        try update(
            MessageCoder<Value>.codable(),
            at: { (arguments) throws(MultiprocessingError) in try arguments.append(name, nameCoder) }, change)
    }

    /// Removes an attribute; returns whether it was there.
    ///
    /// The corresponding Python statement is `del namespace.name`.
    @discardableResult
    public func remove(_ name: String) throws(MultiprocessingError) -> Bool {
        try ask(.delete) { (arguments) throws(MultiprocessingError) in try arguments.append(name, nameCoder) }
    }

    /// Whether there is such an attribute.
    ///
    /// The corresponding Python API is `hasattr`.
    public func contains(_ name: String) throws(MultiprocessingError) -> Bool {
        try ask(.contains) { (arguments) throws(MultiprocessingError) in try arguments.append(name, nameCoder) }
    }

    /// The names of all attributes, in the order in which they were added.
    ///
    /// The corresponding Python API is `dir`.
    public func names() throws(MultiprocessingError) -> [String] {
        try fetchAll(.keys, nameCoder)
    }
}
