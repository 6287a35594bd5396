@testable import Multiprocessing

/// A message with one field for each way of encoding.
private struct Letter: Codable, Equatable {
    var number: Int
    var small: Int8
    var wide: UInt128
    var isRead: Bool
    var text: String
    var note: String?
    var bytes: [UInt8]
    var words: [Int16?]
    var table: [String: [Int]]
    var answers: [Letter]
    var form: Form
}

private indirect enum Form: Codable, Hashable {
    case point
    case circle(radius: Int)
    case named(String, Form?)
    case group([Form])
}

/// Sent as a copy of its memory.
private struct Reading: FixedLayout, Equatable {
    enum Kind: Codable, CaseIterable {
        case first, second, third
    }

    var number: Int32
    var isValid: Bool
    var kind: Kind
}

/// A list in which each link contains the next.
private final class Chain: Codable {
    var next: Chain?
}

extension FuzzTarget {
    /// Messages of the library as values of several types: what was decoded must survive being sent on.
    static let messages = FuzzTarget(
        name: "messages", mostBytes: 512, leastEdges: 1600,
        seeds: {
            let form = Form.group([.point, .circle(radius: 3), .named("a", .named("", nil))])
            let poor = Letter(
                number: 1, small: -1, wide: 1, isRead: false, text: "", note: nil, bytes: [], words: [], table: [:],
                answers: [], form: .point)
            var rich = Letter(
                number: -7, small: 1, wide: .max, isRead: true, text: "a text of more than fifteen bytes", note: "é",
                bytes: [1, 2, 3], words: [1, nil], table: ["a": [1, 2], "b": []], answers: [poor], form: form)
            rich.answers.append(rich)
            return [
                try message(0, 300), try message(1, "text"), try message(2, [1, 2, 3] as [UInt8]),
                try message(3, [[1, 2], []]), try message(4, ["a": 1]), try message(5, rich), try message(6, form),
                try message(7, [nil, 1, nil] as [Int?]), try message(8, [1: "a"]), try message(10, [true, false]),
                try message(11, Address.tcp("localhost", 80)), try message(12, Set([1, 2])),
                try message(13, (Int128.max)), try message(14, 1...9),
                try copied(15, Reading(number: 1, isValid: true, kind: .third)),
                try copied(16, [Reading](repeating: Reading(number: 1, isValid: true, kind: .third), count: 3)),
            ]
        },
        run: { bytes in
            var choices = Choices(bytes)
            let kind = choices.byte()
            let message = choices.remainder
            switch kind % 17 {
            case 0: travel(Int.self, message)
            case 1: travel(String.self, message)
            case 2: travel([UInt8].self, message)
            case 3: travel([[Int32]].self, message)
            case 4: travel([String: UInt16].self, message)
            case 5: travel(Letter.self, message)
            case 6: travel(Form.self, message)
            case 7: travel([Int?].self, message)
            case 8: travel([Int: String].self, message)
            case 9: _ = try? BinaryDecoder().decode(Chain.self, from: message)
            case 10: travel([Bool].self, message)
            case 11: travel(Address.self, message)
            case 12: travel(Set<Int8>.self, message)
            case 13: travel(Int128.self, message)
            case 14: travel(ClosedRange<Int>.self, message)
            case 15: travel(Reading.self, message, isCopied: true)
            default: travel([Reading].self, message, isCopied: true)
            }
        })

    private static func message<Value: Encodable>(_ kind: UInt8, _ value: Value) throws -> [UInt8] {
        [kind] + (try encoded(value))
    }

    private static func copied<Value: Codable>(_ kind: UInt8, _ value: Value) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try MessageCoder<Value>.codable().encode(value, into: &buffer)
        return [kind] + [UInt8](buffer.readable)
    }

    private static func encoded<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        var buffer = ByteBuffer()
        try BinaryEncoder().encode(value, into: &buffer)
        return [UInt8](buffer.readable)
    }

    /// - Parameter isCopied: whether the coder has a special form besides that of the general decoder.
    private static func travel<Value: Codable & Equatable>(
        _ type: Value.Type, _ message: UnsafeRawBufferPointer, isCopied: Bool = false
    ) {
        let coder = MessageCoder<Value>.codable()
        let value = try? coder.decode(message)
        let slowly = try? BinaryDecoder().decode(type, from: message)
        require(
            value == slowly || isCopied && slowly == nil,
            "two decoders read \(value.debugDescription) and \(slowly.debugDescription)")
        guard let value else { return }
        do {
            var buffer = ByteBuffer()
            try coder.encode(value, into: &buffer)
            require(try coder.decode(buffer.readable) == value, "\(value) does not come back")
            let again = try encoded(value).withUnsafeBytes { try coder.decode($0) }
            require(again == value, "\(value) does not come back from the other encoder")
        } catch {
            // Depth is counted from the start of a message, so what was just decoded is not too deep.
            require(false, "\(value) cannot be sent on: \(error)")
        }
    }
}
