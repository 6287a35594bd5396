/// A collection of bytes, declared in another module, that encodes itself as an unkeyed container of its bytes.
///
/// Its bytes are read and written all at once instead of one by one. This structure has the memory layout of its only
/// member, so that it can take the place of the type in ``LeafTable``.
struct ForeignBytes<Bytes: RangeReplaceableCollection & Codable>: WireLeaf where Bytes.Element == UInt8 {
    private let bytes: Bytes

    init(from decoder: any Decoder) throws {
        bytes = try Bytes(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        try bytes.encode(to: encoder)
    }

    private init(bytes: Bytes) {
        self.bytes = bytes
    }

    static func writeWire(_ value: Self, into buffer: inout ByteBuffer) {
        buffer.append(WireTag.packed | WireTag.uint8)
        let isWritten: Void? = value.bytes.withContiguousStorageIfAvailable { bytes in
            buffer.appendLength(bytes.count)
            buffer.append(bytes: UnsafeRawBufferPointer(bytes))
        }
        guard isWritten == nil else { return }
        Array(value.bytes).withUnsafeBytes { bytes in
            buffer.appendLength(bytes.count)
            buffer.append(bytes: bytes)
        }
    }

    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> Self? {
        guard item.tag == WireTag.packed | WireTag.uint8, let source = bytes.payload(of: item) else { return nil }
        return Self(bytes: Bytes(source))
    }
}

/// Foundation's `Data`, if the program has it; nil otherwise.
///
/// It is looked up by name because the library does not link Foundation, which takes long to start.
let foundationData: (type: Any.Type, leaf: any WireLeaf.Type)? = {
    guard let found = _typeByName("20FoundationEssentials4DataV"),
        let type = found as? any (RangeReplaceableCollection<UInt8> & Codable).Type
    else { return nil }
    return (found, leaf(of: type))
}()

private func leaf<Bytes: RangeReplaceableCollection<UInt8> & Codable>(of type: Bytes.Type) -> any WireLeaf.Type {
    ForeignBytes<Bytes>.self
}
