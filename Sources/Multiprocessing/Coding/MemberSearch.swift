/// Finds the members of a keyed container by name, in its bytes.
///
/// The search continues where the last one ended, so that members requested in order are found at once. Requesting them
/// in another order costs steps, and after many steps a container gets an index: a large container in an unfavourable
/// order must not take quadratic time.
///
/// The names requested from the last value are kept, since the next value usually has the same ones: then each is found
/// by comparing two words.
struct MemberSearch {
    private var range = 0..<0
    /// The offset after the member found last.
    private var next = 0
    /// The offset of the member found last, which a type requests again after checking that it exists.
    private var last = 0
    private var steps = 0
    private var index: [MemberName: Int]?
    private static let stepsWithoutIndex = 512

    /// The names in the order in which they were requested.
    private var expected: [SpelledName] = []
    private var asked = 0

    /// Starts a search in another value.
    mutating func restart(in range: Range<Int>) {
        self.range = range
        next = range.lowerBound
        last = range.lowerBound
        steps = 0
        asked = 0
        if index != nil { index = nil }
    }

    /// The value of the member with a name.
    @inline(__always)
    mutating func find(_ name: String, in bytes: UnsafeRawBufferPointer) throws(WireFault) -> WireItem? {
        if asked < expected.count, expected[asked].isSurely(name), expected[asked].lies(at: next, in: bytes) {
            let value = try bytes.item(at: next + expected[asked].byteCount, before: range.upperBound)
            asked += 1
            last = next
            next = value.end
            return value
        }
        return try findUnexpected(name, in: bytes)
    }

    @inline(never)
    private mutating func findUnexpected(
        _ text: String, in bytes: UnsafeRawBufferPointer
    ) throws(WireFault) -> WireItem? {
        if range.isEmpty { return nil }
        if asked < SpelledName.mostOfAType {
            if asked == expected.count {
                expected.append(SpelledName(text))
            } else if !expected[asked].isSurely(text) {
                expected[asked] = SpelledName(text)
            }
            asked += 1
        }
        var name = text
        // The closure returns faults as a result, because there is no `withUTF8` with typed throws.
        let result = name.withUTF8 { utf8 -> Result<WireItem?, WireFault> in
            let name = UnsafeRawBufferPointer(utf8)
            do throws(WireFault) {
                if next < range.upperBound, let item = try match(name, at: next, in: bytes) { return .success(item) }
                if let item = try match(name, at: last, in: bytes) { return .success(item) }
                return .success(try findAnywhere(name, in: bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The names of all members.
    func names(in bytes: UnsafeRawBufferPointer) throws(WireFault) -> [String] {
        var names: [String] = []
        var offset = range.lowerBound
        while offset < range.upperBound {
            let member = try bytes.member(at: offset, before: range.upperBound)
            let utf8 = UnsafeRawBufferPointer(rebasing: bytes[member.name])
            guard let name = String(exactly: utf8) else { throw .corrupted("a member's name is not UTF-8") }
            names.append(name)
            offset = member.value.end
        }
        return names
    }

    /// The value of the member at an offset if it has the name; the search then continues after it.
    @inline(__always)
    private mutating func match(
        _ name: UnsafeRawBufferPointer, at offset: Int, in bytes: UnsafeRawBufferPointer
    ) throws(WireFault) -> WireItem? {
        var nameStart = offset
        let length = try bytes.length(at: &nameStart, before: range.upperBound)
        let found = UnsafeRawBufferPointer(rebasing: bytes[nameStart..<nameStart + length])
        guard found.matches(name) else { return nil }
        let value = try bytes.item(at: nameStart + length, before: range.upperBound)
        last = offset
        next = value.end
        return value
    }

    @inline(never)
    private mutating func findAnywhere(
        _ name: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer
    ) throws(WireFault) -> WireItem? {
        if steps >= Self.stepsWithoutIndex { return try findInIndex(name, in: bytes) }
        let start = next
        if let item = try find(name, from: start, to: range.upperBound, in: bytes) { return item }
        return try find(name, from: range.lowerBound, to: start, in: bytes)
    }

    private mutating func find(
        _ name: UnsafeRawBufferPointer, from start: Int, to end: Int, in bytes: UnsafeRawBufferPointer
    ) throws(WireFault) -> WireItem? {
        var offset = start
        while offset < end {
            if let item = try match(name, at: offset, in: bytes) { return item }
            offset = try bytes.member(at: offset, before: range.upperBound).value.end
            steps += 1
        }
        return nil
    }

    private mutating func findInIndex(
        _ name: UnsafeRawBufferPointer, in bytes: UnsafeRawBufferPointer
    ) throws(WireFault) -> WireItem? {
        if index == nil { index = try makeIndex(in: bytes) }
        let name = MemberName(String(decoding: name, as: UTF8.self))
        guard let offset = index?[name] else { return nil }
        let member = try bytes.member(at: offset, before: range.upperBound)
        last = offset
        next = member.value.end
        return member.value
    }

    private func makeIndex(in bytes: UnsafeRawBufferPointer) throws(WireFault) -> [MemberName: Int] {
        var index: [MemberName: Int] = [:]
        var offset = range.lowerBound
        while offset < range.upperBound {
            let member = try bytes.member(at: offset, before: range.upperBound)
            let name = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[member.name]), as: UTF8.self)
            index[MemberName(name)] = offset
            offset = member.value.end
        }
        return index
    }
}
