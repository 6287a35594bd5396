/// A list of fixed length in shared memory, whose elements every process that has it can read and replace.
///
///     let list = try ShareableList([1, 2.5, "text", true, nil], name: "settings")
///     try list.set("word", at: 2)
///     // in another process
///     let text = try ShareableList(attach: "settings")[2]
///
/// An element may be replaced by one of another kind. Text or bytes may grow up to the room of their place, which is
/// the size of its first element, rounded up to a multiple of 8, and at least 8 bytes.
///
/// Reads are atomic while one process at a time writes: they return the element before or after a change. Several
/// writers need a `Lock`. If a process is killed while it writes an element, reading that element is an error until it
/// is set again. The content of the memory is never trusted: damage is an error.
///
/// The corresponding Python API is `multiprocessing.shared_memory.ShareableList`; the two cannot read each other's
/// memory.
public final class ShareableList: Codable, Sendable {
    /// An element of the list.
    public typealias Element = ShareableElement

    /// The memory of the list: it has the list's name, and can be closed and unlinked like any other.
    ///
    /// The corresponding Python API is `ShareableList.shm`.
    public let memory: SharedMemory

    private let places: [ShareableListLayout.Place]

    /// Makes a list in named memory.
    ///
    /// - Parameters:
    ///   - elements: the initial elements. Their number cannot change.
    ///   - name: see `SharedMemory(create:byteCount:unlinksWhenCreatorEnds:)`, also for the errors.
    ///   - unlinksWhenCreatorEnds: see there too.
    ///
    /// The corresponding Python API is `ShareableList(sequence, name=name)`.
    public init(
        _ elements: [Element], name: String? = nil, unlinksWhenCreatorEnds: Bool = false
    ) throws(MultiprocessingError) {
        let layout = ShareableListLayout(for: elements)
        memory = try SharedMemory(
            create: name, byteCount: layout.byteCount, unlinksWhenCreatorEnds: unlinksWhenCreatorEnds)
        places = layout.places
        do {
            try layout.write(elements, into: memory.openMapping())
        } catch {
            try? memory.unlink()
            throw error
        }
    }

    /// Makes a list in memory without a name, for processes that are forked later or to which it is sent.
    ///
    /// Throws as `SharedMemory(anonymousOf:)` does.
    public init(anonymous elements: [Element]) throws(MultiprocessingError) {
        let layout = ShareableListLayout(for: elements)
        memory = try SharedMemory(anonymousOf: layout.byteCount)
        places = layout.places
        try layout.write(elements, into: memory.openMapping())
    }

    /// Finds the list in the memory with this name.
    ///
    /// Throws as `SharedMemory(attach:)` does, and `decodingFailed` if the memory holds no list, or a damaged one. The
    /// corresponding Python API is `ShareableList(name=name)`.
    public init(attach name: String) throws(MultiprocessingError) {
        memory = try SharedMemory(attach: name)
        places = try ShareableListLayout(in: memory.openMapping()).places
    }

    /// Takes the list from the message being received.
    public init(from decoder: any Decoder) throws {
        memory = try SharedMemory(from: decoder)
        places = try ShareableListLayout(in: memory.openMapping()).places
    }

    /// Attaches the list to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        try memory.encode(to: encoder)
    }

    /// The number of elements.
    ///
    /// The corresponding Python API is `len`.
    public var count: Int {
        places.count
    }

    /// The element at a position, counted from 0.
    ///
    /// Throws `invalidState` if there is no such position or the memory is closed, and `decodingFailed` if the memory
    /// is damaged or a process was killed while it wrote the element. `set(_:at:)` replaces it. The corresponding
    /// Python API is
    /// `ShareableList.__getitem__`.
    public subscript(index: Int) -> Element {
        get throws(MultiprocessingError) {
            let place = try place(at: index)
            guard let element = place.read(in: try memory.openMapping()) else {
                throw MultiprocessingError(
                    .decodingFailed, "element \(index) of the list is damaged, or was not completely written")
            }
            return element
        }
    }

    /// Replaces the element at a position, counted from 0.
    ///
    /// Throws `encodingFailed`, and leaves the element unchanged, if the text or the bytes are longer than the room of
    /// the place; `invalidState` if there is no such position or the memory is closed. The corresponding Python API is
    /// `ShareableList.__setitem__`.
    public func set(_ element: Element, at index: Int) throws(MultiprocessingError) {
        let place = try place(at: index)
        guard element.byteCount <= place.room else {
            throw MultiprocessingError(
                .encodingFailed,
                "element \(index) of the list has room for \(place.room) bytes, not \(element.byteCount)")
        }
        place.write(element, in: try memory.openMapping())
    }

    /// All elements, one after another.
    ///
    /// Throws as the subscript does. The corresponding Python API is `list`.
    public var elements: [Element] {
        get throws(MultiprocessingError) {
            var elements: [Element] = []
            for index in 0..<count {
                elements.append(try self[index])
            }
            return elements
        }
    }

    /// How often an element is in the list.
    ///
    /// Throws as the subscript does. The corresponding Python API is `ShareableList.count`.
    public func count(of element: Element) throws(MultiprocessingError) -> Int {
        try elements.count { $0 == element }
    }

    /// The first position of an element; nil if it is not in the list.
    ///
    /// Throws as the subscript does. The corresponding Python API is `ShareableList.index`.
    public func index(of element: Element) throws(MultiprocessingError) -> Int? {
        for index in 0..<count where try self[index] == element {
            return index
        }
        return nil
    }

    /// The maximum size in bytes of text or bytes at a position.
    ///
    /// Throws `invalidState` if there is no such position.
    public func room(at index: Int) throws(MultiprocessingError) -> Int {
        try place(at: index).room
    }

    private func place(at index: Int) throws(MultiprocessingError) -> ShareableListLayout.Place {
        guard places.indices.contains(index) else {
            throw MultiprocessingError(.invalidState, "index \(index) is out of range for a list of \(count) elements")
        }
        return places[index]
    }
}

extension ShareableList: CustomStringConvertible {
    /// Its number of elements and its memory: `ShareableList(3 elements, SharedMemory(settings, 160 bytes))`.
    ///
    /// The corresponding Python API is `repr(list)`, which includes the elements.
    public var description: String {
        "ShareableList(\(count == 1 ? "1 element" : "\(count) elements"), \(memory))"
    }
}
