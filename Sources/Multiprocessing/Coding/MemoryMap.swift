@_spi(Reflection) import Swift

/// The layout of a trivially copyable type's members, determined once for each type.
///
/// It is used before a copy is sent and after one is received: so that no bytes outside members are sent, and no
/// invalid pattern is accepted as a value.
final class MemoryMap: Sendable {
    /// The byte of a member whose valid patterns end at `greatest`.
    private struct Limit {
        let offset: Int
        let greatest: UInt8
    }

    let size: Int
    let stride: Int
    /// The bytes of a value that belong to no member, including those before the next value in an array.
    private let padding: [Range<Int>]
    private let limits: [Limit]
    /// All members are numbers, `Bool` or plain enumerations, so a copy can be validated.
    let isPlain: Bool
    let hasPointer: Bool

    private init<Value: BitwiseCopyable>(_ type: Value.Type) {
        size = MemoryLayout<Value>.size
        stride = MemoryLayout<Value>.stride
        var survey = Survey(isMember: Array(repeating: false, count: stride))
        survey.add(type, at: 0)
        (limits, isPlain, hasPointer) = (survey.limits, survey.isPlain, survey.hasPointer)
        padding = survey.gaps
    }

    /// The maps, by the identity of their type.
    private static let known = Guarded<[ObjectIdentifier: MemoryMap]>([:])

    static func of<Value: BitwiseCopyable>(_ type: Value.Type) -> MemoryMap {
        known.withLock { known in
            let identity = ObjectIdentifier(type)
            if let map = known[identity] { return map }
            let map = MemoryMap(type)
            known[identity] = map
            return map
        }
    }

    /// The map of a type whose values are sent as copies; nil if they use their own coding.
    static func forCopies<Value: FixedLayout>(of type: Value.Type) -> MemoryMap? {
        let map = of(type)
        return map.isPlain || type is any CopiedAsItIs.Type ? map : nil
    }

    /// Appends a copy of one value, or of an array of values, as the wire form of an array of bytes.
    func append(_ memory: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
        buffer.append(WireTag.packed | WireTag.uint8)
        buffer.appendLength(memory.count)
        appendRaw(memory, to: &buffer)
    }

    /// Appends a copy of one value, or of an array of values.
    func appendRaw(_ memory: UnsafeRawBufferPointer, to buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.append(bytes: memory)
        for gap in padding {
            for first in Swift.stride(from: start + gap.lowerBound, to: buffer.count, by: stride) {
                buffer.clear(first..<min(first + gap.count, buffer.count))
            }
        }
    }

    /// The value whose copy the bytes are.
    ///
    /// Throws if the number of bytes differs, or if a member has an invalid pattern.
    func load<Value: BitwiseCopyable>(_ type: Value.Type, from memory: UnsafeRawBufferPointer) throws -> Value {
        try check(memory, is: size, of: type)
        return withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { value in
            UnsafeMutableRawBufferPointer(start: value.baseAddress, count: size).copyMemory(from: memory)
            return value[0]
        }
    }

    /// Throws unless the number of bytes is right and all patterns are valid.
    func check(_ memory: UnsafeRawBufferPointer, is byteCount: Int, of type: Any.Type) throws {
        guard memory.count == byteCount else {
            throw corrupted("\(type) has \(byteCount) bytes, not \(memory.count)")
        }
        for limit in limits {
            for place in Swift.stride(from: limit.offset, to: byteCount, by: stride)
            where memory[place] > limit.greatest {
                throw corrupted("byte \(place) of \(type) is \(memory[place])")
            }
        }
    }

    private func corrupted(_ reason: String) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: [], debugDescription: reason))
    }

    /// A recursive walk through a type's members.
    private struct Survey {
        var isMember: [Bool]
        var limits: [Limit] = []
        var isPlain = true
        var hasPointer = false

        mutating func add<Member>(_ type: Member.Type, at offset: Int) {
            let size = MemoryLayout<Member>.size
            if type is any WireNumber.Type {
                return take(size, at: offset)
            }
            if type == Bool.self {
                limits.append(Limit(offset: offset, greatest: 1))
                return take(size, at: offset)
            }
            var members: [(type: Any.Type, offset: Int)] = []
            let isKnown = _forEachField(of: type, options: []) { _, place, member, _ in
                members.append((member, place))
                return true
            }
            if isKnown, size == 0 || !members.isEmpty {
                for member in members {
                    add(member.type, at: offset + member.offset)
                }
            } else if size == 1, let greatest = (type as? any CaseIterable.Type).flatMap({ greatestPattern($0) }) {
                limits.append(Limit(offset: offset, greatest: greatest))
                take(size, at: offset)
            } else {
                isPlain = false
                hasPointer = hasPointer || type == rawPointer
                if let optional = type as? any OptionalValue.Type {
                    add(optional.wrapped, at: offset)
                }
                take(size, at: offset)
            }
        }

        private mutating func take(_ count: Int, at offset: Int) {
            for place in offset..<offset + count {
                isMember[place] = true
            }
        }

        /// The bytes that belong to no member.
        var gaps: [Range<Int>] {
            var gaps: [Range<Int>] = []
            for place in isMember.indices where !isMember[place] {
                if let last = gaps.last, last.upperBound == place {
                    gaps[gaps.count - 1] = last.lowerBound..<place + 1
                } else {
                    gaps.append(place..<place + 1)
                }
            }
            return gaps
        }
    }
}

/// A type whose user has asked for a copy, whatever its members are.
protocol CopiedAsItIs {}

/// The greatest byte that is a case of an enumeration without associated values; the cases start at 0.
private func greatestPattern<Cases: CaseIterable>(_ type: Cases.Type) -> UInt8? {
    type.allCases.map { withUnsafeBytes(of: $0) { $0[0] } }.max()
}

/// The type of the single member of every pointer type, which has no name in Swift.
private let rawPointer: Any.Type? = {
    var found: Any.Type?
    _ = _forEachField(of: UnsafeRawPointer.self, options: []) { _, _, type, _ in
        found = type
        return false
    }
    return found
}()
