/// Encoded values by encoded keys, in the order in which the keys were added.
///
/// The entries are in a list; a hash table with open addressing has their positions. A removed entry leaves a gap until
/// the list is compacted, which happens when it would have to grow. Looking up a key does not copy it.
struct EncodedDictionary {
    struct Entry {
        fileprivate(set) var key: [UInt8]
        var value: [UInt8]
        /// Changes whenever the value changes.
        var stamp: UInt64
        fileprivate let hash: Int
        fileprivate(set) var isLive = true
    }

    /// A slot of the table: free, a gap, or a part of the key's hash above the position of its entry, so that most
    /// entries of other keys need not be compared.
    private typealias Slot = UInt64
    private static let free: Slot = .max
    private static let gap: Slot = .max - 1
    private static let positionBits: Slot = 1 << 32 - 1

    private(set) var count = 0
    private var entries: [Entry] = []
    /// Its size is a power of two; at most two thirds of it are not free.
    private var table: [Slot] = []
    private var usedSlots = 0

    /// The existing entries, in order.
    var live: some Sequence<Entry> {
        entries.lazy.filter(\.isLive)
    }

    var last: Entry? {
        entries.last(where: \.isLive)
    }

    /// The position of the key's entry.
    func find(_ key: UnsafeRawBufferPointer) -> Int? {
        table.isEmpty ? nil : find(key, EncodedDictionary.hash(key))
    }

    subscript(position: Int) -> Entry {
        entries[position]
    }

    /// Sets a key's value.
    mutating func set(_ key: UnsafeRawBufferPointer, to value: UnsafeRawBufferPointer, stamp: UInt64) {
        let hash = EncodedDictionary.hash(key)
        if let position = find(key, hash) {
            entries[position].stamp = stamp
            entries[position].value.assign(value)
            return
        }
        if (usedSlots + 1) * 3 > table.count * 2 {
            rebuild()
        }
        insert(hash, at: entries.count)
        entries.append(Entry(key: Array(key), value: Array(value), stamp: stamp, hash: hash))
        count += 1
    }

    /// Removes an entry and returns its value.
    @discardableResult
    mutating func remove(at position: Int) -> [UInt8] {
        let wanted = EncodedDictionary.slot(entries[position].hash, position)
        var index = entries[position].hash & (table.count - 1)
        while table[index] != wanted {
            index = (index + 1) & (table.count - 1)
        }
        table[index] = EncodedDictionary.gap
        let value = entries[position].value
        (entries[position].key, entries[position].value, entries[position].isLive) = ([], [], false)
        count -= 1
        // So that the last one is found at once, even after many were removed from the end.
        while let last = entries.last, !last.isLive {
            entries.removeLast()
        }
        return value
    }

    mutating func removeAll() {
        self = EncodedDictionary()
    }

    @inline(__always)
    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        // Seeded differently in each process, so that keys cannot be chosen to collide.
        var hasher = Hasher()
        hasher.combine(bytes: key)
        return hasher.finalize()
    }

    @inline(__always)
    private static func slot(_ hash: Int, _ position: Int) -> Slot {
        // The upper half: the lower half determines where the search starts. All ones would look like no position.
        (Slot(UInt(bitPattern: hash)) & ~positionBits) & ~(1 << 63) | Slot(position)
    }

    private func find(_ key: UnsafeRawBufferPointer, _ hash: Int) -> Int? {
        guard !table.isEmpty else { return nil }
        let wanted = EncodedDictionary.slot(hash, 0)
        var index = hash & (table.count - 1)
        while table[index] != EncodedDictionary.free {
            if table[index] & ~EncodedDictionary.positionBits == wanted {
                let position = Int(table[index] & EncodedDictionary.positionBits)
                if entries[position].key.hasSameBytes(as: key) { return position }
            }
            index = (index + 1) & (table.count - 1)
        }
        return nil
    }

    private mutating func insert(_ hash: Int, at position: Int) {
        var index = hash & (table.count - 1)
        while table[index] != EncodedDictionary.free {
            index = (index + 1) & (table.count - 1)
        }
        table[index] = EncodedDictionary.slot(hash, position)
        usedSlots += 1
    }

    /// Closes the gaps, and makes the table at least twice as large as the entries need.
    private mutating func rebuild() {
        entries.removeAll { !$0.isLive }
        var size = 16
        while size < entries.count * 2 {
            size *= 2
        }
        table = Array(repeating: EncodedDictionary.free, count: size)
        usedSlots = 0
        for position in entries.indices {
            insert(entries[position].hash, at: position)
        }
    }
}

extension [UInt8] {
    /// Becomes a copy of other bytes, in its existing memory if they have the same length.
    mutating func assign(_ bytes: UnsafeRawBufferPointer) {
        if count == bytes.count {
            withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
        } else {
            self = Array(bytes)
        }
    }

    @inline(__always)
    func hasSameBytes(as bytes: UnsafeRawBufferPointer) -> Bool {
        withUnsafeBytes { $0.matches(bytes) }
    }
}
