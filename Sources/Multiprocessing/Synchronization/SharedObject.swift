/// The kind of object in shared memory, stored at its start, so that a message's `Lock` is not taken for a `Semaphore`.
enum SharedObject: UInt32 {
    case lock = 0x4C50_4D01
    case rLock, semaphore, boundedSemaphore, event, condition, barrier
    case value, array, rawValue, rawArray, atomic

    /// The size of the header before each object; a multiple of every alignment of Swift's types.
    static let headerBytes = 64

    /// Those with a lock, which is then the first thing after the header.
    static let locks: Set = [lock, condition]
    static let recursiveLocks: Set = [rLock, value, array]
}

/// Memory with one object in it: a header, then the layout of the object's class.
///
///     0   kind, of 4 bytes      4   size of an element      8   number of elements      64   the object
///
/// The header is written before another process can see it, and never changed.
extension SharedMapping {
    /// Zeroed memory for an object.
    static func making(
        _ kind: SharedObject, byteCount: Int, elementBytes: Int = 0, count: Int = 0
    ) throws(MultiprocessingError) -> SharedMapping {
        let (total, overflowed) = byteCount.addingReportingOverflow(SharedObject.headerBytes)
        guard !overflowed else {
            throw MultiprocessingError(.invalidState, "\(byteCount) bytes are too many")
        }
        let mapping = try ObjectArena.memory(total, name: "multiprocessing-\(kind)")
        mapping.base.storeBytes(of: kind.rawValue, as: UInt32.self)
        mapping.base.storeBytes(of: UInt32(clamping: elementBytes), toByteOffset: 4, as: UInt32.self)
        mapping.base.storeBytes(of: count, toByteOffset: 8, as: Int.self)
        return mapping
    }

    /// The address of the object.
    var object: UnsafeMutableRawPointer {
        base + SharedObject.headerBytes
    }

    /// Takes the memory of an object from a message.
    ///
    /// Throws `decodingFailed` if it holds another kind of object, or is smaller than `byteCount`.
    static func received(
        _ kinds: Set<SharedObject>, byteCount: Int, from decoder: any Decoder
    ) throws -> SharedMapping {
        try SharedMapping(from: decoder).verified(kinds, byteCount: byteCount)
    }

    func verified(_ kinds: Set<SharedObject>, byteCount: Int) throws(MultiprocessingError) -> SharedMapping {
        guard self.byteCount >= SharedObject.headerBytes, let kind, kinds.contains(kind),
            self.byteCount - SharedObject.headerBytes >= byteCount
        else {
            let names = kinds.map { "\($0)" }.sorted().joined(separator: " or ")
            throw MultiprocessingError(.decodingFailed, "the message's shared memory is not a \(names)")
        }
        return self
    }

    private var kind: SharedObject? {
        SharedObject(rawValue: base.load(as: UInt32.self))
    }

    /// The size of an element, as set by the maker of an array.
    var elementBytes: Int {
        Int(base.load(fromByteOffset: 4, as: UInt32.self))
    }

    /// The number of elements in an array.
    var elementCount: Int {
        base.load(fromByteOffset: 8, as: Int.self)
    }
}
