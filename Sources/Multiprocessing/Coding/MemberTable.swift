/// Where the members of a keyed container lie in its bytes, kept so that a name is written once only.
///
/// `encode(_:forKey:)` with a key that has been used replaces the value, as assigning to a dictionary's key does.
/// Nobody should need that, but `Codable` allows it, so every name has to be looked for. Four of its bytes settle
/// almost all comparisons in a small container; a large one gets an index.
struct MemberTable {
    struct Member {
        /// A digest of the name: its length and three of its bytes.
        let digest: UInt32
        /// The offsets of the member, which begins with the length of its name, of the name, and of the value.
        var start: Int
        var nameStart: Int
        var valueStart: Int
    }

    private var members: [Member] = []
    private var index: [MemberName: Int] = [:]
    private static let indexedCount = 16

    mutating func removeAll() {
        if !members.isEmpty { members.removeAll(keepingCapacity: members.capacity <= 1024) }
        if !index.isEmpty { index.removeAll(keepingCapacity: index.capacity <= 1024) }
    }

    /// The member with a name.
    mutating func find(_ name: String, in bytes: UnsafeRawBufferPointer) -> Member? {
        var name = name
        return name.withUTF8 { utf8 in
            position(of: UnsafeRawBufferPointer(utf8), digest: Self.digest(utf8), in: bytes)
        }.map { members[$0] }
    }

    /// Appends a member's name to the bytes.
    ///
    /// If the name was there already, its member's range is returned. The caller has to remove it from the bytes; here
    /// it has been removed, and all offsets are those after the removal.
    mutating func open(_ text: String, in bytes: inout ByteBuffer) -> Range<Int>? {
        var name = text
        let duplicate = name.withUTF8 { utf8 -> Int? in
            let digest = Self.digest(utf8)
            let duplicate = position(of: UnsafeRawBufferPointer(utf8), digest: digest, in: bytes.readable)
            let start = bytes.count
            bytes.appendLength(utf8.count)
            let nameStart = bytes.count
            bytes.append(bytes: UnsafeRawBufferPointer(utf8))
            members.append(
                Member(digest: digest, start: start, nameStart: nameStart, valueStart: bytes.count)
            )
            return duplicate
        }
        if !index.isEmpty { index[MemberName(text)] = members.count - 1 }
        return duplicate.map { remove($0) }
    }

    private mutating func remove(_ position: Int) -> Range<Int> {
        let removed = members[position].start..<members[position + 1].start
        members.remove(at: position)
        for later in position..<members.count {
            members[later].start -= removed.count
            members[later].nameStart -= removed.count
            members[later].valueStart -= removed.count
        }
        index.removeAll(keepingCapacity: true)
        return removed
    }

    @inline(__always)
    private mutating func position(
        of name: UnsafeRawBufferPointer, digest: UInt32, in bytes: UnsafeRawBufferPointer
    ) -> Int? {
        if members.count >= Self.indexedCount { return indexedPosition(of: name, in: bytes) }
        for position in members.indices where members[position].digest == digest {
            if Self.name(of: members[position], in: bytes).matches(name) { return position }
        }
        return nil
    }

    private mutating func indexedPosition(
        of name: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer
    ) -> Int? {
        if index.isEmpty {
            for (position, member) in members.enumerated() {
                index[MemberName(String(decoding: Self.name(of: member, in: bytes), as: UTF8.self))] = position
            }
        }
        return index[MemberName(String(decoding: name, as: UTF8.self))]
    }

    private static func name(of member: Member, in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[member.nameStart..<member.valueStart])
    }

    @inline(__always)
    private static func digest(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 {
        guard let first = name.first, let last = name.last else { return 0 }
        let middle = name[name.count / 2]
        return UInt32(truncatingIfNeeded: name.count) << 24 | UInt32(first) << 16 | UInt32(middle) << 8 | UInt32(last)
    }
}
