import Glibc
import Synchronization

// The layout of a list in shared memory; all numbers have 8 bytes and the machine's byte order.
//
//     offset  size
//          0     8   "mplist" and two bytes of version, 0 and 1
//          8     8   n, the number of elements
//         16  24·n   for each element
//                       0   8   where its value is, from the start of the memory, a multiple of 8
//                       8   8   its room there in bytes, a multiple of 8
//                      16   8   its state: kind (8 bits), edition (16 bits), length in bytes (40 bits), highest first
//     16+24·n        the values: an Int or Double in its 8 bytes, a Bool in one, a String as UTF-8, bytes as they are
//
// The positions of values and their room are checked once, when the list is found, and kept in the process: later
// changes to them in the memory have no effect. A state and its value may be changed by others at any time. So a reader
// copies the value, and then checks that the state is unchanged; the writer sets the kind `written` first, writes the
// value, and then sets the new state, with the next edition. A writer that is killed in between leaves the kind
// `written`, which no value has.

/// The positions of a list's elements.
struct ShareableListLayout {
    /// "mplist", 0, 1.
    private static let magic: UInt64 = 0x0100_7473_696C_706D
    private static let headerBytes = 16
    private static let recordBytes = 24

    let places: [Place]
    /// The size of the whole list.
    let byteCount: Int

    /// Lays out a new list.
    init(for elements: [ShareableElement]) {
        var places: [Place] = []
        var offset = ShareableListLayout.headerBytes + ShareableListLayout.recordBytes * elements.count
        for (index, element) in elements.enumerated() {
            let room = max(8, (element.byteCount + 7) & ~7)
            places.append(Place(record: ShareableListLayout.record(index), offset: offset, room: room))
            offset += room
        }
        (self.places, byteCount) = (places, offset)
    }

    /// Finds the list in memory that may hold anything.
    ///
    /// Throws `decodingFailed` if the memory does not hold a list.
    init(in mapping: SharedMapping) throws(MultiprocessingError) {
        let bytes = UnsafeRawBufferPointer(start: mapping.base, count: mapping.byteCount)
        guard bytes.count >= ShareableListLayout.headerBytes, bytes.load(as: UInt64.self) == ShareableListLayout.magic
        else {
            throw MultiprocessingError(.decodingFailed, "this shared memory holds no list")
        }
        let count = bytes.load(fromByteOffset: 8, as: UInt64.self)
        let most = (bytes.count - ShareableListLayout.headerBytes) / ShareableListLayout.recordBytes
        guard count <= most else {
            throw MultiprocessingError(.decodingFailed, "the list's memory is too small for its \(count) elements")
        }
        let valuesStart = ShareableListLayout.record(Int(count))
        var places: [Place] = []
        for index in 0..<Int(count) {
            let record = ShareableListLayout.record(index)
            let offset = bytes.load(fromByteOffset: record, as: UInt64.self)
            let room = bytes.load(fromByteOffset: record + 8, as: UInt64.self)
            let (end, overflows) = offset.addingReportingOverflow(room)
            guard offset >= valuesStart, offset % 8 == 0, room >= 8, !overflows, end <= bytes.count else {
                throw MultiprocessingError(.decodingFailed, "element \(index) of the list lies outside of its memory")
            }
            places.append(Place(record: record, offset: Int(offset), room: Int(room)))
        }
        (self.places, byteCount) = (places, bytes.count)
    }

    /// Fills memory with a new list; a process that finds it sees either all of it or nothing.
    func write(_ elements: [ShareableElement], into mapping: SharedMapping) {
        mapping.base.storeBytes(of: UInt64(elements.count), toByteOffset: 8, as: UInt64.self)
        for (place, element) in zip(places, elements) {
            mapping.base.storeBytes(of: UInt64(place.offset), toByteOffset: place.record, as: UInt64.self)
            mapping.base.storeBytes(of: UInt64(place.room), toByteOffset: place.record + 8, as: UInt64.self)
            place.write(element, in: mapping)
        }
        let magic = mapping.base.assumingMemoryBound(to: Atomic<UInt64>.self)
        magic.pointee.store(ShareableListLayout.magic, ordering: .releasing)
    }

    private static func record(_ index: Int) -> Int {
        headerBytes + recordBytes * index
    }
}

extension ShareableListLayout {
    /// The position and room of an element.
    struct Place {
        let record: Int
        let offset: Int
        let room: Int
    }

    /// The kind, edition and length of an element.
    fileprivate struct State: Equatable {
        /// The kind of an element that is being written.
        static let written: UInt8 = 0x57

        let word: UInt64

        init(word: UInt64) {
            self.word = word
        }

        init(kind: UInt8, edition: UInt16, length: Int) {
            word = UInt64(kind) << 56 | UInt64(edition) << 40 | UInt64(length)
        }

        var kind: UInt8 { UInt8(word >> 56) }
        var edition: UInt16 { UInt16(truncatingIfNeeded: word >> 40) }
        var length: UInt64 { word & (1 << 40 - 1) }
    }
}

extension ShareableListLayout.Place {
    /// How long a reader waits for a writer, which may be active but not scheduled.
    private static let patience = Duration.milliseconds(500)

    private typealias State = ShareableListLayout.State

    /// Reads the element; nil if it is damaged or incomplete.
    func read(in mapping: SharedMapping) -> ShareableElement? {
        var end: Deadline?
        while true {
            let before = State(word: state(in: mapping).pointee.load(ordering: .acquiring))
            if before.kind != State.written {
                guard before.length <= room else { return nil }
                let bytes = [UInt8](UnsafeRawBufferPointer(start: mapping.base + offset, count: Int(before.length)))
                atomicMemoryFence(ordering: .acquiring)
                if state(in: mapping).pointee.load(ordering: .relaxed) == before.word {
                    return ShareableElement(kind: before.kind, bytes: bytes)
                }
            }
            guard let limit = end else {
                end = Deadline(after: ShareableListLayout.Place.patience)
                continue
            }
            if limit.hasPassed { return nil }
            usleep(20)
        }
    }

    /// Writes an element, for which there must be room.
    func write(_ element: ShareableElement, in mapping: SharedMapping) {
        let state = state(in: mapping)
        let edition = State(word: state.pointee.load(ordering: .relaxed)).edition &+ 1
        state.pointee.store(State(kind: State.written, edition: edition, length: 0).word, ordering: .relaxed)
        atomicMemoryFence(ordering: .releasing)
        element.withValueBytes {
            UnsafeMutableRawBufferPointer(start: mapping.base + offset, count: room).copyMemory(from: $0)
        }
        let written = State(kind: element.kind, edition: edition, length: element.byteCount)
        state.pointee.store(written.word, ordering: .releasing)
    }

    private func state(in mapping: SharedMapping) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (mapping.base + record + 16).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}

extension ShareableElement {
    /// The size of its value.
    var byteCount: Int {
        switch self {
        case .int, .double: 8
        case .bool: 1
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        case .null: 0
        }
    }

    /// The number of its kind in a list's memory; 0 is not used, so that zeros are no element.
    fileprivate var kind: UInt8 {
        switch self {
        case .null: 1
        case .bool: 2
        case .int: 3
        case .double: 4
        case .string: 5
        case .bytes: 6
        }
    }

    /// Nil if the bytes are not a value of this kind.
    fileprivate init?(kind: UInt8, bytes: [UInt8]) {
        func number<Number: BitwiseCopyable>(_ type: Number.Type) -> Number? {
            bytes.count == 8 ? bytes.withUnsafeBytes { $0.loadUnaligned(as: type) } : nil
        }
        switch (kind, bytes.count) {
        case (1, 0): self = .null
        case (2, 1) where bytes[0] <= 1: self = .bool(bytes[0] == 1)
        case (3, 8):
            guard let value = number(Int.self) else { return nil }
            self = .int(value)
        case (4, 8):
            guard let value = number(Double.self) else { return nil }
            self = .double(value)
        case (5, _):
            guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
            self = .string(text)
        case (6, _): self = .bytes(bytes)
        default: return nil
        }
    }

    fileprivate func withValueBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        switch self {
        case .int(let value): withUnsafeBytes(of: value, body)
        case .double(let value): withUnsafeBytes(of: value, body)
        case .bool(let value): withUnsafeBytes(of: value ? UInt8(1) : 0, body)
        case .string(var text): text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        case .bytes(let bytes): bytes.withUnsafeBytes(body)
        case .null: body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}
