// Arrays and dictionaries of leaves are leaves. They let the type of their elements or values do the writing, so that
// each loop is compiled separately for each type.

extension Array: WireLeaf where Element: WireLeaf {
    static func writeWire(_ value: [Element], into buffer: inout ByteBuffer) {
        Element.writeElements(value, into: &buffer)
    }

    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [Element]? {
        Element.readElements(item, in: bytes)
    }
}

extension Dictionary: WireLeaf where Key == String, Value: WireLeaf {
    static func writeWire(_ value: [String: Value], into buffer: inout ByteBuffer) {
        Value.writeMembers(value, into: &buffer)
    }

    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [String: Value]? {
        Value.readMembers(item, in: bytes)
    }
}

// MARK: - Arrays

extension WireLeaf {
    static func writeElements(_ elements: [Self], into buffer: inout ByteBuffer) {
        buffer.appendCounted(WireTag.unkeyed) { buffer in
            for element in elements {
                writeWire(element, into: &buffer)
            }
        }
    }

    static func readElements(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [Self]? {
        guard item.tag == WireTag.unkeyed, bytes.payload(of: item) != nil else { return nil }
        var elements: [Self] = []
        var offset = item.start
        while offset < item.end {
            guard let next = try? bytes.item(at: offset, before: item.end), let element = readWire(next, in: bytes)
            else { return nil }
            elements.append(element)
            offset = next.end
        }
        return elements
    }
}

extension WireNumber {
    static func writeElements(_ elements: [Self], into buffer: inout ByteBuffer) {
        buffer.append(WireTag.packed | wireTag)
        elements.withUnsafeBytes { bytes in
            buffer.appendLength(bytes.count)
            buffer.append(bytes: bytes)
        }
    }

    static func readElements(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [Self]? {
        guard item.tag == WireTag.packed | wireTag, let source = bytes.payload(of: item) else { return nil }
        return [Self](copyingMemory: source)
    }
}

extension Array where Element: BitwiseCopyable {
    /// Makes the elements from a copy of their memory.
    init(copyingMemory memory: UnsafeRawBufferPointer) {
        let count = memory.count / MemoryLayout<Element>.stride
        self.init(unsafeUninitializedCapacity: count) { elements, initialized in
            let room = UnsafeMutableRawBufferPointer(elements)
            if let base = room.baseAddress { HugePages.advise(base, byteCount: room.count) }
            room.copyMemory(from: memory)
            initialized = count
        }
    }
}

// MARK: - Dictionaries

extension WireLeaf {
    static func writeMembers(_ members: [String: Self], into buffer: inout ByteBuffer) {
        buffer.appendCounted(WireTag.keyed) { buffer in
            for (name, value) in members {
                buffer.appendText(name)
                writeWire(value, into: &buffer)
            }
        }
    }

    static func readMembers(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [String: Self]? {
        guard item.tag == WireTag.keyed, bytes.payload(of: item) != nil,
            let count = try? bytes.memberCount(of: item)
        else { return nil }
        var members = [String: Self](minimumCapacity: count)
        var offset = item.start
        while offset < item.end {
            guard let next = try? bytes.member(at: offset, before: item.end),
                let name = String(exactly: UnsafeRawBufferPointer(rebasing: bytes[next.name])),
                let value = readWire(next.value, in: bytes), members.updateValue(value, forKey: name) == nil
            else { return nil }
            offset = next.value.end
        }
        return members
    }
}

extension UnsafeRawBufferPointer {
    /// The name and the value of the member that starts at `offset` and may extend to `limit`.
    func member(
        at offset: Int, before limit: Int
    ) throws(WireFault) -> (name: Range<Int>, value: WireItem) {
        var nameStart = offset
        let length = try length(at: &nameStart, before: limit)
        let nameEnd = nameStart + length
        return (nameStart..<nameEnd, try item(at: nameEnd, before: limit))
    }

    fileprivate func memberCount(of item: WireItem) throws(WireFault) -> Int {
        var (count, offset) = (0, item.start)
        while offset < item.end {
            offset = try member(at: offset, before: item.end).value.end
            count += 1
        }
        return count
    }
}
