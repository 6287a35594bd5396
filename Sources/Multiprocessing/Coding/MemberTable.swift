/// The positions of the members of a keyed container in its bytes, kept so that a name is written only once.
///
/// `encode(_:forKey:)` with a key that was used before replaces the value, like assignment to a dictionary's key. It is
/// rare, but `Codable` allows it, so every name must be looked up. Four bytes decide almost all comparisons in a small
/// container; a large one gets an index.
///
/// A value usually has the same members as the one before, in the same order. As long as that holds, no name can be
/// repeated and no positions are recorded.
struct MemberTable {
    struct Member {
        /// A digest of the name: its length and three of its bytes.
        let digest: UInt32
        /// The offsets of the member, which starts with the length of its name, of the name, and of the value.
        var start: Int
        var nameStart: Int
        var valueStart: Int
    }

    /// The names in the last value, in order.
    private var expected: [SpelledName] = []
    /// How many members the value has, as long as they are the first of the expected ones; -1 once they differ.
    private var followed = 0
    /// Empty as long as the value has the expected members.
    private var members: [Member] = []
    private var index: [MemberName: Int] = [:]
    private static let indexedCount = 16

    mutating func removeAll() {
        followed = 0
        if !members.isEmpty { members.removeAll(keepingCapacity: members.capacity <= 1024) }
        if !index.isEmpty { index.removeAll(keepingCapacity: index.capacity <= 1024) }
    }

    /// The member with a name.
    ///
    /// Only after ``leaveExpected(in:)``.
    mutating func find(_ name: String, in bytes: UnsafeRawBufferPointer) -> Member? {
        var name = name
        return name.withUTF8 { utf8 in
            position(of: UnsafeRawBufferPointer(utf8), digest: Self.digest(utf8), in: bytes)
        }.map { members[$0] }
    }

    /// Appends a member's name to the bytes.
    ///
    /// If the name was there already, returns its member's range. The caller must remove that from the bytes; the table
    /// has already removed it, and all offsets are those after the removal.
    @inline(__always)
    mutating func open(_ text: String, in bytes: inout ByteBuffer) -> Range<Int>? {
        if followed >= 0, followed < expected.count, expected[followed].isSurely(text) {
            expected[followed].write(into: &bytes)
            followed += 1
            return nil
        }
        return openUnexpected(text, in: &bytes)
    }

    @inline(never)
    private mutating func openUnexpected(_ text: String, in bytes: inout ByteBuffer) -> Range<Int>? {
        leaveExpected(in: bytes.readable)
        var name = text
        let duplicate = name.withUTF8 { utf8 -> Int? in
            let digest = Self.digest(utf8)
            let duplicate = position(of: UnsafeRawBufferPointer(utf8), digest: digest, in: bytes.readable)
            let start = bytes.count
            bytes.appendText(text)
            let valueStart = bytes.count
            members.append(
                Member(digest: digest, start: start, nameStart: valueStart - utf8.count, valueStart: valueStart)
            )
            return duplicate
        }
        if !index.isEmpty { index[MemberName(text)] = members.count - 1 }
        if let duplicate {
            expected.removeAll()
            return remove(duplicate)
        }
        if expected.count == members.count - 1, members.count <= SpelledName.mostOfAType {
            expected.append(SpelledName(text))
        }
        return nil
    }

    /// Records the members so far, because the next one is not the expected one, or its value will be written later.
    mutating func leaveExpected(in bytes: UnsafeRawBufferPointer) {
        guard followed >= 0 else { return }
        expected.removeSubrange(followed...)
        var start = 0
        for _ in 0..<followed {
            // They are well formed and complete: this is called before a member that will be filled in later.
            guard let member = try? bytes.member(at: start, before: bytes.count) else { break }
            let name = UnsafeRawBufferPointer(rebasing: bytes[member.name]).assumingMemoryBound(to: UInt8.self)
            let valueStart = member.name.upperBound
            members.append(
                Member(
                    digest: Self.digest(name), start: start, nameStart: member.name.lowerBound, valueStart: valueStart))
            start = member.value.end
        }
        followed = -1
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
