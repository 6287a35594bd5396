// The objects that a `Manager` can make. Each call makes a new object and blocks until the server has made it; for the
// errors see `ManagerProxy`.

extension Manager {
    /// Makes a dictionary.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.dict`.
    public func dictionary<Key: Codable & Hashable, Value: Codable>(
        _ items: [Key: Value]
    ) throws(MultiprocessingError) -> DictionaryProxy<Key, Value> {
        let proxy: DictionaryProxy<Key, Value> = try make()
        try proxy.update(items.map { ($0.key, $0.value) })
        return proxy
    }

    /// Makes an empty dictionary.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.dict`.
    public func dictionary<Key: Codable, Value: Codable>(
        of key: Key.Type = Key.self, _ value: Value.Type = Value.self
    ) throws(MultiprocessingError) -> DictionaryProxy<Key, Value> {
        try make()
    }

    /// Makes a list of these elements.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.list`.
    public func list<Element: Codable>(
        _ elements: some Sequence<Element>
    ) throws(MultiprocessingError) -> ListProxy<Element> {
        try makeList(of: elements)
    }

    /// Makes an empty list.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.list`.
    public func list<Element: Codable>(
        of element: Element.Type = Element.self
    ) throws(MultiprocessingError) -> ListProxy<Element> {
        try make()
    }

    /// Makes an array of these elements, whose length is fixed.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Array`.
    public func array<Element: Codable>(
        _ elements: some Sequence<Element>
    ) throws(MultiprocessingError) -> ArrayProxy<Element> {
        try makeList(of: elements)
    }

    /// Makes a single value.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Value`.
    public func value<Value: Codable>(_ initial: Value) throws(MultiprocessingError) -> ValueProxy<Value> {
        try makeList(of: CollectionOfOne(initial))
    }

    private func makeList<Proxy: ManagerProxy, Element: Codable>(
        of elements: some Sequence<Element>
    ) throws(MultiprocessingError) -> Proxy {
        let coder = MessageCoder<Element>.codable()
        return try make { (arguments) throws(MultiprocessingError) in
            for element in elements { try arguments.append(element, coder) }
        }
    }

    /// Makes a namespace without attributes.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Namespace`.
    public func namespace() throws(MultiprocessingError) -> NamespaceProxy {
        try make()
    }

    /// Makes a queue for at most `maxSize` items; 0 means no limit.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Queue`.
    public func queue<Element: Codable>(
        of element: Element.Type = Element.self, maxSize: Int = 0
    ) throws(MultiprocessingError) -> QueueProxy<Element> {
        try make { (arguments) throws(MultiprocessingError) in arguments.append(Int64(maxSize)) }
    }

    /// Makes a joinable queue for at most `maxSize` items; 0 means no limit.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.JoinableQueue`.
    public func joinableQueue<Element: Codable>(
        of element: Element.Type = Element.self, maxSize: Int = 0
    ) throws(MultiprocessingError) -> JoinableQueueProxy<Element> {
        try make { (arguments) throws(MultiprocessingError) in arguments.append(Int64(maxSize)) }
    }

    /// Makes a lock.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Lock`.
    public func lock() throws(MultiprocessingError) -> LockProxy {
        try make()
    }

    /// Makes a recursive lock.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.RLock`.
    public func recursiveLock() throws(MultiprocessingError) -> RLockProxy {
        try make()
    }

    /// Makes a semaphore with `value` units.
    ///
    /// Throws `invalidState` if that is negative. The corresponding Python API is
    /// `multiprocessing.managers.SyncManager.Semaphore`.
    public func semaphore(_ value: Int = 1) throws(MultiprocessingError) -> SemaphoreProxy {
        try makeSemaphore(value, isBounded: false)
    }

    /// Makes a semaphore with `value` units, which is also the maximum.
    ///
    /// Throws `invalidState` if that is negative. The corresponding Python API is
    /// `multiprocessing.managers.SyncManager.BoundedSemaphore`.
    public func boundedSemaphore(_ value: Int = 1) throws(MultiprocessingError) -> SemaphoreProxy {
        try makeSemaphore(value, isBounded: true)
    }

    private func makeSemaphore(_ value: Int, isBounded: Bool) throws(MultiprocessingError) -> SemaphoreProxy {
        guard value >= 0 else {
            throw MultiprocessingError(.invalidState, "a semaphore cannot start with \(value) units")
        }
        return try make { (arguments) throws(MultiprocessingError) in
            arguments.append(Int64(value))
            arguments.append(UInt8(isBounded ? 1 : 0))
        }
    }

    /// Makes an event that is not set.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Event`.
    public func event() throws(MultiprocessingError) -> EventProxy {
        try make()
    }

    /// Makes a condition with its own recursive lock.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Condition`.
    public func condition() throws(MultiprocessingError) -> ConditionProxy {
        try makeCondition(with: 0)
    }

    /// Makes a condition with this lock, which must belong to the same `Manager`.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Condition`.
    public func condition(_ lock: LockProxy) throws(MultiprocessingError) -> ConditionProxy {
        try requireOwn(lock)
        return try makeCondition(with: lock.object)
    }

    /// Makes a condition with this lock, which must belong to the same `Manager`.
    ///
    /// The corresponding Python API is `multiprocessing.managers.SyncManager.Condition`.
    public func condition(_ lock: RLockProxy) throws(MultiprocessingError) -> ConditionProxy {
        try requireOwn(lock)
        return try makeCondition(with: lock.object)
    }

    private func makeCondition(with lock: UInt64) throws(MultiprocessingError) -> ConditionProxy {
        try make { (arguments) throws(MultiprocessingError) in arguments.append(lock) }
    }

    /// Makes a barrier.
    ///
    /// - Parameters:
    ///   - parties: the number of parties.
    ///   - timeout: the timeout of a wait that has none of its own; nil waits forever.
    ///
    /// There is no action, since closures do not travel: the party whose `wait` returns `parties` - 1 was the last to
    /// arrive. Throws `invalidState` for fewer than 1. The corresponding Python API is
    /// `multiprocessing.managers.SyncManager.Barrier`.
    public func barrier(parties: Int, timeout: Duration? = nil) throws(MultiprocessingError) -> BarrierProxy {
        guard parties >= 1 else {
            throw MultiprocessingError(.invalidState, "a barrier needs at least 1 party")
        }
        return try make { (arguments) throws(MultiprocessingError) in
            arguments.append(Int64(parties))
            arguments.append(timeout.limitNanoseconds)
        }
    }

    /// Makes an instance of a registered type, which the server finds by the type's name.
    ///
    /// Throws `requestFailed` if the server does not know the type, or if making the instance throws, with the text of
    /// that error. The corresponding Python API is the method that `BaseManager.register` adds.
    public func make<Object, Argument: Codable>(
        _ type: RegisteredType<Object, Argument>, _ argument: Argument
    ) throws(MultiprocessingError) -> ObjectProxy<Object> {
        try make { (arguments) throws(MultiprocessingError) in
            arguments.append(item: type.name)
            try arguments.append(argument, MessageCoder<Argument>.encodable())
        }
    }
}
