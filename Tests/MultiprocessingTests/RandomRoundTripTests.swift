import Testing

@testable import Multiprocessing

/// A value of any shape, written through all kinds of containers, which are filled in turn.
indirect enum Tree: Sendable {
    case null
    case flag(Bool)
    case number(Int)
    case small(UInt8)
    case wide(Int128)
    case real(Double)
    case text(String)
    case numbers([Int32])
    case list([Tree])
    case members([String: Tree])

    static func random(depth: Int, using generator: inout SeededGenerator) -> Tree {
        switch Int.random(in: 0..<(depth > 0 ? 14 : 8), using: &generator) {
        case 0: return .null
        case 1: return .flag(.random(using: &generator))
        case 2: return .number(.random(in: .min ... .max, using: &generator))
        case 3: return .small(.random(in: .min ... .max, using: &generator))
        case 4: return .wide(.random(in: .min ... .max, using: &generator))
        case 5: return .real(.random(in: -1e9...1e9, using: &generator))
        case 6: return .text(text(using: &generator))
        case 7: return .numbers((0..<size(using: &generator)).map { Int32($0) })
        case 8..<11:
            return .list((0..<size(using: &generator)).map { _ in random(depth: depth - 1, using: &generator) })
        default:
            var members: [String: Tree] = [:]
            for _ in 0..<size(using: &generator) {
                members[text(using: &generator)] = random(depth: depth - 1, using: &generator)
            }
            return .members(members)
        }
    }

    private static func size(using generator: inout SeededGenerator) -> Int {
        Int.random(in: 0..<10, using: &generator) == 0 ? 40 : Int.random(in: 0..<6, using: &generator)
    }

    private static func text(using generator: inout SeededGenerator) -> String {
        let letters = Array("abcxyz éß日👩‍👧🇪🇺\u{301}\0\"")
        return String((0..<size(using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
    }
}

/// One write to a container, which may create more containers.
private struct Step {
    let run: (inout [[Step]]) throws -> Void
}

/// Writes a tree in small steps: in order within each container, but choosing the next container at random.
private struct ShuffledTree: Encodable {
    let tree: Tree
    let seed: UInt64

    func encode(to encoder: any Encoder) throws {
        var generator = SeededGenerator(seed: seed)
        var queues: [[Step]] = []
        try start(tree, in: encoder, &queues)
        while !queues.isEmpty {
            let chosen = Int.random(in: queues.indices, using: &generator)
            if queues[chosen].isEmpty {
                queues.remove(at: chosen)
            } else {
                let step = queues[chosen].removeFirst()
                try step.run(&queues)
            }
        }
    }

    private func start(_ tree: Tree, in encoder: any Encoder, _ queues: inout [[Step]]) throws {
        switch tree {
        case .list(let elements):
            fill(encoder.unkeyedContainer(), with: elements, &queues)
        case .members(let members):
            fill(encoder.container(keyedBy: AnyKey.self), with: members, &queues)
        default:
            var container = encoder.singleValueContainer()
            try container.encode(Leaf(tree: tree))
        }
    }

    private func fill(_ container: any UnkeyedEncodingContainer, with elements: [Tree], _ queues: inout [[Step]]) {
        var container = container
        queues.append(
            elements.enumerated().map { place, element in
                Step { queues in
                    switch element {
                    case .list(let inner) where place % 3 == 0:
                        fill(container.nestedUnkeyedContainer(), with: inner, &queues)
                    case .members(let inner) where place % 3 == 0:
                        fill(container.nestedContainer(keyedBy: AnyKey.self), with: inner, &queues)
                    case .list where place % 3 == 1, .members where place % 3 == 1:
                        try start(element, in: container.superEncoder(), &queues)
                    case .list, .members:
                        try container.encode(ShuffledTree(tree: element, seed: seed &+ 1))
                    default:
                        try container.encode(Leaf(tree: element))
                    }
                }
            })
    }

    private func fill(
        _ container: KeyedEncodingContainer<AnyKey>, with members: [String: Tree], _ queues: inout [[Step]]
    ) {
        var container = container
        queues.append(
            members.enumerated().map { place, member in
                let key = AnyKey(member.key)
                return Step { queues in
                    switch member.value {
                    case .list(let inner) where place % 3 == 0:
                        fill(container.nestedUnkeyedContainer(forKey: key), with: inner, &queues)
                    case .members(let inner) where place % 3 == 0:
                        fill(container.nestedContainer(keyedBy: AnyKey.self, forKey: key), with: inner, &queues)
                    case .list where place % 3 == 1, .members where place % 3 == 1:
                        try start(member.value, in: container.superEncoder(forKey: key), &queues)
                    case .list, .members:
                        try container.encode(ShuffledTree(tree: member.value, seed: seed &+ 1), forKey: key)
                    default:
                        try container.encode(Leaf(tree: member.value), forKey: key)
                    }
                }
            })
    }
}

/// A tree without branches, which is written as a single value.
private struct Leaf: Encodable {
    let tree: Tree

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch tree {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .small(let value): try container.encode(value)
        case .wide(let value): try container.encode(value)
        case .real(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .numbers(let values): try container.encode(values)
        case .list, .members: Issue.record("a branch is no leaf")
        }
    }
}

extension Tree {
    /// Whether a decoder holds this tree.
    func matches(_ decoder: any Decoder) throws -> Bool {
        switch self {
        case .list(let elements):
            var list = try decoder.unkeyedContainer()
            guard list.count == elements.count else { return false }
            for element in elements {
                guard try element.matches(list.superDecoder()) else { return false }
            }
            return list.isAtEnd
        case .members(let members):
            let container = try decoder.container(keyedBy: AnyKey.self)
            guard container.allKeys.count == members.count else { return false }
            return try members.allSatisfy { try $1.matches(container.superDecoder(forKey: AnyKey($0))) }
        default:
            return try leafMatches(decoder.singleValueContainer())
        }
    }

    private func leafMatches(_ container: any SingleValueDecodingContainer) throws -> Bool {
        switch self {
        case .null: container.decodeNil()
        case .flag(let value): try container.decode(Bool.self) == value
        case .number(let value): try container.decode(Int.self) == value
        case .small(let value): try container.decode(UInt8.self) == value
        case .wide(let value): try container.decode(Int128.self) == value
        case .real(let value): try container.decode(Double.self) == value
        case .text(let value): try container.decode(String.self) == value
        case .numbers(let values): try container.decode([Int32].self) == values
        case .list, .members: false
        }
    }
}

@Suite struct RandomRoundTripTests {
    @Test func randomTreesComeBackHoweverTheirContainersAreFilledByTurns() throws {
        let seed = printedSeed()
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let tree = Tree.random(depth: 5, using: &generator)
            let bytes = try wireForm(of: ShuffledTree(tree: tree, seed: generator.next()))
            try inspect(bytes) { decoder in
                let isSame = try tree.matches(decoder)
                #expect(isSame, "seed \(seed)")
            }
        }
    }

    @Test func randomSamplesComeBackEqual() throws {
        let seed = printedSeed()
        var generator = SeededGenerator(seed: seed)
        let coder = MessageCoder<[Sample]>.codable()
        for _ in 0..<300 {
            let samples = (0..<4).map { _ in randomSample(depth: 3, using: &generator) }
            let bytes = try message(of: samples, by: coder)
            let copies = try bytes.withUnsafeBytes { try coder.decode($0) }
            #expect(copies == samples, "seed \(seed)")
        }
    }

    private func randomSample(depth: Int, using generator: inout SeededGenerator) -> Sample {
        var sample = Sample.poor
        sample.id = .random(in: .min ... .max, using: &generator)
        sample.name = String(repeating: "ä", count: .random(in: 0..<200, using: &generator))
        sample.weight = Double(bitPattern: generator.next())
        if sample.weight.isNaN { sample.weight = 0 }
        sample.ok = .random(using: &generator)
        sample.tag = .random(in: .min ... .max, using: &generator)
        sample.note = .random(using: &generator) ? "note" : nil
        sample.wide = .random(in: .min ... .max, using: &generator)
        sample.bytes = (0..<Int.random(in: 0..<300, using: &generator)).map { UInt8(truncatingIfNeeded: $0) }
        sample.words = ["a": [1, nil], "": Array(repeating: 2, count: .random(in: 0..<20, using: &generator))]
        for _ in 0..<(depth > 0 ? Int.random(in: 0..<3, using: &generator) : 0) {
            sample.inner.append(randomSample(depth: depth - 1, using: &generator))
        }
        return sample
    }
}
