/// Finds out at run time whether a type is a ``WireLeaf``.
///
/// Generic code, such as the `encode(to:)` of an array or a dictionary, passes every element to the coder's generic
/// method, even a plain `Int`. A dynamic cast for each would cost more than the writing. This table of the common types
/// usually answers with one probe.
struct LeafTable: Sendable {
    private struct Slot {
        let type: ObjectIdentifier
        let leaf: any WireLeaf.Type
    }

    private static let shared = LeafTable()
    private static let sizeLogarithm = 8

    private let slots: [Slot?]

    /// The type as a leaf, or nil if it must encode and decode itself.
    @inline(__always)
    static func leaf(for type: Any.Type) -> (any WireLeaf.Type)? {
        let wanted = ObjectIdentifier(type)
        let slots = shared.slots
        var position = home(of: wanted)
        while let slot = slots[position] {
            if slot.type == wanted { return slot.leaf }
            position = (position + 1) & (slots.count - 1)
        }
        return nil
    }

    private init() {
        var slots = [Slot?](repeating: nil, count: 1 << Self.sizeLogarithm)
        var leaves: [(type: Any.Type, leaf: any WireLeaf.Type)] = (Self.scalars + Self.collections).map { ($0, $0) }
        if let foundationData { leaves.append(foundationData) }
        for (type, leaf) in leaves {
            let type = ObjectIdentifier(type)
            var position = Self.home(of: type)
            while slots[position] != nil {
                position = (position + 1) & (slots.count - 1)
            }
            slots[position] = Slot(type: type, leaf: leaf)
        }
        self.slots = slots
    }

    /// The slot where the search for a type starts.
    ///
    /// The multiplier spreads the addresses of metadata, which differ in few bits.
    @inline(__always)
    private static func home(of type: ObjectIdentifier) -> Int {
        let product = UInt64(UInt(bitPattern: type)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: product >> (64 - UInt64(sizeLogarithm)))
    }

    private static let scalars: [any WireLeaf.Type] = [
        Bool.self, String.self, Float.self, Double.self,
        Int.self, Int8.self, Int16.self, Int32.self, Int64.self, Int128.self,
        UInt.self, UInt8.self, UInt16.self, UInt32.self, UInt64.self, UInt128.self,
    ]

    private static let collections: [any WireLeaf.Type] = [
        [Bool].self, [String].self, [Float].self, [Double].self,
        [Int].self, [Int8].self, [Int16].self, [Int32].self, [Int64].self, [Int128].self,
        [UInt].self, [UInt8].self, [UInt16].self, [UInt32].self, [UInt64].self, [UInt128].self,
        [String: Bool].self, [String: String].self, [String: Int].self, [String: Double].self,
    ]
}
