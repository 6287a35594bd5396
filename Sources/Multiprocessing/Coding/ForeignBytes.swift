/// A collection of bytes that another module declares, and that encodes itself as an unkeyed container of its bytes.
///
/// Such a type is asked for its bytes at once, and made of them at once, in place of one by one. The memory of this
/// structure is that of its one member, so that it can stand for the type in ``LeafTable``.
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

/// Foundation's `Data`, in a program that has it: the library does without Foundation, whose start takes long, and so
/// finds the type by its name.
let foundationData: (type: Any.Type, leaf: any WireLeaf.Type)? = {
    guard let found = _typeByName("20FoundationEssentials4DataV"),
        let type = found as? any (RangeReplaceableCollection<UInt8> & Codable).Type
    else { return nil }
    return (found, leaf(of: type))
}()

private func leaf<Bytes: RangeReplaceableCollection<UInt8> & Codable>(of type: Bytes.Type) -> any WireLeaf.Type {
    ForeignBytes<Bytes>.self
}
