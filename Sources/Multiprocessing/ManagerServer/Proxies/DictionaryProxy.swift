/// A dictionary in a manager server.
///
/// Two keys are the same if they are encoded to the same bytes, whatever their type's `==` says: 0.0 and -0.0 are two
/// keys, and so are two Unicode spellings of one letter. A key that contains a `Set` or a `Dictionary` will rarely be
/// found again, because these have no fixed order. Keys, values and items are in the order in which the keys were
/// added.
///
/// Each method is one atomic request, except `update(_:_:)`, which has the same effect. All of them block until the
/// server has answered, and throw as `ManagerProxy` describes. The corresponding Python API is
/// `multiprocessing.managers.DictProxy`.
public final class DictionaryProxy<Key: Codable, Value: Codable>: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .dictionary }

    private let keyCoder = MessageCoder<Key>.codable()
    private let valueCoder = MessageCoder<Value>.codable()

    /// The value of a key, or nil.
    ///
    /// The corresponding Python API is `dict.get`.
    public func get(_ key: Key) throws(MultiprocessingError) -> Value? {
        try fetch(.get, valueCoder) { (arguments) throws(MultiprocessingError) in
            try arguments.append(key, keyCoder)
        }
    }

    /// The values of several keys, in one request; nil for missing ones.
    ///
    /// Python has no counterpart.
    public func get(_ keys: [Key]) throws(MultiprocessingError) -> [Value?] {
        try link.call(.getMany, on: object) { (arguments) throws(MultiprocessingError) in
            for key in keys { try arguments.append(key, keyCoder) }
        } _: { _, results throws(MultiprocessingError) in
            var values: [Value?] = []
            for _ in keys {
                values.append(try results.result(UInt8.self) == 0 ? nil : try results.value(valueCoder))
            }
            return values
        }
    }

    /// Sets the value of a key.
    ///
    /// The corresponding Python API is `dict.__setitem__`.
    public func set(_ key: Key, to value: Value) throws(MultiprocessingError) {
        try perform(.set) { (arguments) throws(MultiprocessingError) in
            try arguments.append(key, keyCoder)
            try arguments.append(value, valueCoder)
        }
    }

    /// Sets the values of many keys in one request, which takes a fraction of the time of separate ones.
    ///
    /// The corresponding Python API is `dict.update`.
    public func update(_ items: some Sequence<(key: Key, value: Value)>) throws(MultiprocessingError) {
        try perform(.update) { (arguments) throws(MultiprocessingError) in
            for (key, value) in items {
                try arguments.append(key, keyCoder)
                try arguments.append(value, valueCoder)
            }
        }
    }

    /// Changes the value of a key so that no other process's change is lost.
    ///
    /// The closure gets the value, or nil if there is none, and sets it to nil to remove it. It is called again if
    /// another process changed the value meanwhile, so it should have no other effects. Returns the closure's result
    /// and rethrows its error.
    ///
    /// In Python one takes a lock around `d[key] = d[key] + 1`.
    @discardableResult
    public func update<Result>(_ key: Key, _ change: (inout Value?) throws -> Result) throws -> Result {
        try update(
            valueCoder, at: { (arguments) throws(MultiprocessingError) in try arguments.append(key, keyCoder) }, change)
    }

    /// Returns the value of a key, after setting it to this one if there was none.
    ///
    /// The corresponding Python API is `dict.setdefault`.
    public func setDefault(_ key: Key, _ value: Value) throws(MultiprocessingError) -> Value {
        let current = try fetch(.setDefault, valueCoder) { (arguments) throws(MultiprocessingError) in
            try arguments.append(key, keyCoder)
            try arguments.append(value, valueCoder)
        }
        return current ?? value
    }

    /// Removes a key; returns whether it was there.
    ///
    /// The corresponding Python API is `dict.__delitem__`.
    @discardableResult
    public func remove(_ key: Key) throws(MultiprocessingError) -> Bool {
        try ask(.delete) { (arguments) throws(MultiprocessingError) in try arguments.append(key, keyCoder) }
    }

    /// Removes a key and returns its value, or nil if there was none.
    ///
    /// The corresponding Python API is `dict.pop`.
    public func pop(_ key: Key) throws(MultiprocessingError) -> Value? {
        try fetch(.pop, valueCoder) { (arguments) throws(MultiprocessingError) in
            try arguments.append(key, keyCoder)
        }
    }

    /// Removes the key that was added last and returns it with its value; nil if the dictionary is empty.
    ///
    /// The corresponding Python API is `dict.popitem`.
    public func popItem() throws(MultiprocessingError) -> (key: Key, value: Value)? {
        try link.call(.popLast, on: object) { status, results throws(MultiprocessingError) in
            status == .absent ? nil : (try results.value(keyCoder), try results.value(valueCoder))
        }
    }

    /// Whether there is such a key.
    ///
    /// The corresponding Python API is `dict.__contains__`.
    public func contains(_ key: Key) throws(MultiprocessingError) -> Bool {
        try ask(.contains) { (arguments) throws(MultiprocessingError) in try arguments.append(key, keyCoder) }
    }

    /// The number of keys.
    ///
    /// The corresponding Python API is `len(dict)`.
    public var count: Int {
        get throws(MultiprocessingError) { try count(.count) }
    }

    /// All keys, as a snapshot; to iterate, write `for key in try dictionary.keys()`.
    ///
    /// The corresponding Python API is `dict.keys`, and `for key in dict`.
    public func keys() throws(MultiprocessingError) -> [Key] {
        try fetchAll(.keys, keyCoder)
    }

    /// All values, as a snapshot.
    ///
    /// The corresponding Python API is `dict.values`.
    public func values() throws(MultiprocessingError) -> [Value] {
        try fetchAll(.values, valueCoder)
    }

    /// All keys with their values, as a snapshot.
    ///
    /// The corresponding Python API is `dict.items`.
    public func items() throws(MultiprocessingError) -> [(key: Key, value: Value)] {
        try link.call(.items, on: object) { _, results throws(MultiprocessingError) in
            var items: [(key: Key, value: Value)] = []
            while !results.isAtEnd {
                items.append((try results.value(keyCoder), try results.value(valueCoder)))
            }
            return items
        }
    }

    /// Removes all keys.
    ///
    /// The corresponding Python API is `dict.clear`.
    public func clear() throws(MultiprocessingError) {
        try perform(.clear)
    }
}

extension DictionaryProxy where Key: Hashable {
    /// A copy of the whole dictionary, as a snapshot.
    ///
    /// The corresponding Python API is `dict.copy`.
    public func copy() throws(MultiprocessingError) -> [Key: Value] {
        Dictionary(try items().map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}
