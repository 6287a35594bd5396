import Testing

// Types that use `Codable` in different ways.

struct Sample: Codable, Equatable {
    var id: Int
    var name: String
    var weight: Double
    var ok: Bool
    var tag: UInt16
    var note: String?
    var wide: Int128
    var bytes: [UInt8]
    var numbers: [Float]
    var words: [String: [Int?]]
    var inner: [Sample]

    static let poor = Sample(
        id: -1, name: "", weight: 0, ok: false, tag: 0, note: nil, wide: 0, bytes: [], numbers: [], words: [:],
        inner: []
    )
    static let rich = Sample(
        id: 7, name: "a name longer than fifteen bytes", weight: .pi, ok: true, tag: 65535, note: "note", wide: .min,
        bytes: [1, 2, 3], numbers: [1.5, -2], words: ["a": [1, nil], "b": []], inner: [poor, poor]
    )
}

indirect enum Shape: Codable, Hashable {
    case point
    case circle(radius: Double)
    case polygon([Int], name: String?)
    case group([Shape])
}

struct Holder<Value: Codable & Equatable>: Codable, Equatable {
    var value: Value?
}

/// Encodes as its value.
struct Transparent<Value: Codable & Equatable>: Codable, Equatable {
    var value: Value

    init(value: Value) { self.value = value }

    init(from decoder: any Decoder) throws {
        value = try decoder.singleValueContainer().decode(Value.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

/// Writes an optional, but reads it manually.
struct NilSeeker: Codable, Equatable {
    var number: Int?

    init(number: Int?) { self.number = number }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        number = container.decodeNil() ? nil : try container.decode(Int.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}

class Animal: Codable {
    var name: String

    init(name: String) { self.name = name }
}

/// Stores its superclass's part under the key for that.
final class SeparateCat: Animal {
    var lives: Int

    enum CodingKeys: CodingKey { case lives, base }

    init(name: String, lives: Int) {
        self.lives = lives
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        lives = try container.decode(Int.self, forKey: .lives)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try super.encode(to: container.superEncoder())
        try container.encode(lives, forKey: .lives)
    }
}

/// Lets its superclass write to the same container.
final class SharedCat: Animal {
    var lives: Int

    enum CodingKeys: CodingKey { case lives }

    init(name: String, lives: Int) {
        self.lives = lives
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        lives = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .lives)
        try super.init(from: decoder)
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lives, forKey: .lives)
        try super.encode(to: encoder)
    }
}

/// Stores its superclass's part under a key of its own, and a second time in an unkeyed container.
final class NamedSuperCat: Animal {
    var lives: Int
    var copy: Animal?

    enum CodingKeys: CodingKey { case list, base }

    init(name: String, lives: Int) {
        self.lives = lives
        super.init(name: name)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        var list = try container.nestedUnkeyedContainer(forKey: .list)
        lives = try list.decode(Int.self)
        try super.init(from: container.superDecoder(forKey: .base))
        copy = try Animal(from: list.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        var list = container.nestedUnkeyedContainer(forKey: .list)
        try super.encode(to: container.superEncoder(forKey: .base))
        try list.encode(lives)
        try super.encode(to: list.superEncoder())
    }
}

/// A list in which each link is inside the previous one.
final class Chain: Codable {
    var next: Chain?

    init(length: Int) {
        if length > 1 { next = Chain(length: length - 1) }
    }

    var length: Int { 1 + (next?.length ?? 0) }
}

struct Empty: Codable, Equatable {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws {}
}

struct Letters: Codable, Equatable {
    var a: Int
    var b: Int
    var c: Int
}

/// Requests its members from the last to the first.
struct ReverseSum: Decodable {
    var sum = 0

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: AnyKey.self)
        for key in container.allKeys.reversed() {
            #expect(container.contains(key))
            sum += try container.decode(Int.self, forKey: key)
        }
    }
}

/// Writes its number multiplied by a factor from the coder's user information.
struct Scaled: Codable {
    var number: Int

    init(number: Int) { self.number = number }

    init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int.self) / Self.factor(decoder.userInfo)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number * Self.factor(encoder.userInfo))
    }

    private static func factor(_ information: [CodingUserInfoKey: Any]) -> Int {
        CodingUserInfoKey(rawValue: "factor").flatMap { information[$0] as? Int } ?? 1
    }
}
