/// A dictionary in a manager server.
///
/// Two keys are the same when they are encoded to the same bytes, whatever their type's `==` says: 0.0 and -0.0 are two
/// keys, and so are two spellings of one letter; a key that contains a `Set` or a `Dictionary` is hardly found again,
/// as those have no fixed order. The order of keys, values and items is that in which the keys came.
///
/// Each method is one request and atomic, but for `update(_:_:)`, which is as good. All of them block until the server
/// has answered, and throw as `ManagerProxy` says. The corresponding Python API is
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

    /// The values of several keys, in one request; nil for those that are not there.
    ///
    /// Python has nothing like it.
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

    /// Sets the values of many keys in one request, which takes a fraction of the time.
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

    /// Changes the value of a key, where no other process changes it in between: nothing that others set is lost.
    ///
    /// The closure gets the value, nil where there is none, and leaves nil to remove it. It is called again when
    /// another process was faster, so it should do nothing else. Returns what it returned, and throws what it throws.
    ///
    /// In Python one takes a lock around `d[key] = d[key] + 1`.
    @discardableResult
    public func update<Result>(_ key: Key, _ change: (inout Value?) throws -> Result) throws -> Result {
        try update(
            valueCoder, at: { (arguments) throws(MultiprocessingError) in try arguments.append(key, keyCoder) }, change)
    }

    /// The value of a key, which is set to this one where there is none.
    ///
    /// The corresponding Python API is `dict.setdefault`.
    public func setDefault(_ key: Key, _ value: Value) throws(MultiprocessingError) -> Value {
        let current = try fetch(.setDefault, valueCoder) { (arguments) throws(MultiprocessingError) in
            try arguments.append(key, keyCoder)
            try arguments.append(value, valueCoder)
        }
        return current ?? value
    }

    /// Removes a key; whether it was there.
    ///
    /// The corresponding Python API is `dict.__delitem__`.
    @discardableResult
    public func remove(_ key: Key) throws(MultiprocessingError) -> Bool {
        try ask(.delete) { (arguments) throws(MultiprocessingError) in try arguments.append(key, keyCoder) }
    }

    /// Removes a key and returns its value, nil where there was none.
    ///
    /// The corresponding Python API is `dict.pop`.
    public func pop(_ key: Key) throws(MultiprocessingError) -> Value? {
        try fetch(.pop, valueCoder) { (arguments) throws(MultiprocessingError) in
            try arguments.append(key, keyCoder)
        }
    }

    /// Removes the key that came last and returns it with its value; nil where there is none.
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

    /// How many keys there are.
    ///
    /// The corresponding Python API is `len(dict)`.
    public var count: Int {
        get throws(MultiprocessingError) { try count(.count) }
    }

    /// All keys, as they were at one moment; `for key in try dictionary.keys()` goes over them.
    ///
    /// The corresponding Python API is `dict.keys`, and `for key in dict`.
    public func keys() throws(MultiprocessingError) -> [Key] {
        try fetchAll(.keys, keyCoder)
    }

    /// All values, as they were at one moment.
    ///
    /// The corresponding Python API is `dict.values`.
    public func values() throws(MultiprocessingError) -> [Value] {
        try fetchAll(.values, valueCoder)
    }

    /// All keys with their values, as they were at one moment.
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

    /// Removes everything.
    ///
    /// The corresponding Python API is `dict.clear`.
    public func clear() throws(MultiprocessingError) {
        try perform(.clear)
    }
}

extension DictionaryProxy where Key: Hashable {
    /// A copy of everything, as it was at one moment.
    ///
    /// The corresponding Python API is `dict.copy`.
    public func copy() throws(MultiprocessingError) -> [Key: Value] {
        Dictionary(try items().map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}
