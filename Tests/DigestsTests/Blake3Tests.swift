import CBlake3
import TestSupport
import Testing

/// BLAKE3 at every width of this CPU; `Tests/CBlake3/check.c` does the same at more lengths, against a definition.
///
/// The tests run one after the other, since the width is a setting of the whole process.
@Suite(.serialized) struct Blake3Tests {
    /// The widths that this CPU supports, in chunks at a time.
    private static let widths: [UInt32] = {
        defer { blake3_use_lanes(0) }
        return [1, 4, 8, 16].filter { blake3_use_lanes($0) }
    }()

    /// The input of the published vectors.
    private static func published(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8($0 % 251) }
    }

    private static let context = Array("BLAKE3 2019-12-27 16:29:52 test vectors context".utf8)

    private static let hashMode = blake3_hash_mode()
    private static let keyedMode = blake3_keyed_mode(Array("whats the Elvish word for friend".utf8))
    private static let deriveMode = blake3_derive_key_mode(context, context.count)
    private static let modes = [hashMode, keyedMode, deriveMode]

    // MARK: Ways to hash

    /// The hash of `data` at once.
    private func hash(_ data: some Collection<UInt8>, _ mode: blake3_mode, count: Int = 32) -> [UInt8] {
        var mode = mode
        var output = [UInt8](repeating: 0, count: count)
        data.withContiguousStorageIfAvailable { blake3_hash(&mode, $0.baseAddress, $0.count, &output, count) }
        return output
    }

    /// The hash of `data` passed in parts of random sizes.
    private func hashInParts(
        _ data: [UInt8], _ mode: blake3_mode, count: Int, using random: inout SeededGenerator
    ) -> [UInt8] {
        var mode = mode
        var hasher = blake3_hasher()
        blake3_hasher_init(&hasher, &mode)
        var rest = data[...]
        while !rest.isEmpty {
            let largest = [1, 64, 1_000, 1_024, 2_048, 16_384, rest.count].randomElement(using: &random) ?? 1
            let part = rest.prefix(Int.random(in: 0...largest, using: &random))
            part.withUnsafeBytes { blake3_hasher_update(&hasher, $0.baseAddress, $0.count) }
            rest = rest.dropFirst(part.count)
        }
        // The second half of the output first.
        let cut = Int.random(in: 0...count, using: &random)
        var begin = [UInt8](repeating: 0, count: cut)
        var end = [UInt8](repeating: 0, count: count - cut)
        blake3_hasher_finalize(&hasher, UInt64(cut), &end, end.count)
        blake3_hasher_finalize(&hasher, 0, &begin, begin.count)
        return begin + end
    }

    /// The hash of `data` cut into pieces of `chunksOfPiece` chunks, which are hashed from the last to the first.
    private func hashInPieces(_ data: [UInt8], _ mode: blake3_mode, count: Int, chunksOfPiece: Int) throws -> [UInt8] {
        var mode = mode
        let pieceBytes = chunksOfPiece * 1_024
        let pieces = (data.count + pieceBytes - 1) / pieceBytes
        var chaining = [[UInt8]](repeating: [UInt8](repeating: 0, count: 32), count: pieces)
        for piece in (0..<pieces).reversed() {
            let bytes = Array(data[(piece * pieceBytes)..<min(data.count, (piece + 1) * pieceBytes)])
            let first = UInt64(piece * chunksOfPiece)
            try #require(blake3_subtree(&mode, bytes, bytes.count, first, &chaining[piece], nil))
        }
        var joiner = blake3_joiner()
        blake3_joiner_init(&joiner, &mode)
        for value in chaining {
            blake3_joiner_add(&joiner, value)
        }
        var output = [UInt8](repeating: 0, count: count)
        try #require(blake3_joiner_finalize(&joiner, 0, &output, count))
        var atOnce = [UInt8](repeating: 0, count: count)
        try #require(blake3_join(&mode, Array(chaining.joined()), pieces, &atOnce, count))
        #expect(output == atOnce)
        return output
    }

    // MARK: Published vectors

    @Test(arguments: Self.widths) func publishedVectorsComeOutAtEveryWidth(width: UInt32) {
        defer { blake3_use_lanes(0) }
        #expect(blake3_use_lanes(width) && blake3_lanes() == width)
        for vector in Self.vectors {
            let data = Self.published(vector.bytes)
            #expect(hexadecimal(hash(data, Self.hashMode)) == vector.hash, "\(vector.bytes) bytes")
            #expect(hexadecimal(hash(data, Self.keyedMode)) == vector.keyed, "\(vector.bytes) bytes")
            #expect(hexadecimal(hash(data, Self.deriveMode)) == vector.derived, "\(vector.bytes) bytes")
        }
        #expect(hexadecimal(hash(Self.published(31_744), Self.hashMode, count: 131)) == Self.longHash)
    }

    // MARK: Comparisons

    @Test func everyLengthHasTheSameHashAtEveryWidth() {
        defer { blake3_use_lanes(0) }
        let data = Self.published(5_001)
        for length in 0...5_000 {
            let mode = Self.modes[length % 3]
            // Every second input is offset by one byte, so that no word is aligned.
            let input = data[(length % 2)..<(length % 2 + length)]
            blake3_use_lanes(1)
            let expected = hash(input, mode)
            for width in Self.widths.dropFirst() {
                blake3_use_lanes(width)
                #expect(hash(input, mode) == expected, "\(length) bytes at width \(width)")
            }
        }
    }

    @Test func wholeInputsPartsAndPiecesGiveTheSameHash() throws {
        defer { blake3_use_lanes(0) }
        var random = SeededGenerator(for: "wholeInputsPartsAndPiecesGiveTheSameHash")
        for round in 0..<40 {
            let count = Int.random(in: round < 36 ? 2...40_000 : 300_000...600_000, using: &random)
            let data = random.bytes(count)
            let mode = Self.modes[round % 3]
            blake3_use_lanes(1)
            let expected = hash(data, mode, count: 100)
            for width in Self.widths {
                blake3_use_lanes(width)
                #expect(hash(data, mode, count: 100) == expected, "\(count) bytes at width \(width)")
                let inParts = hashInParts(data, mode, count: 100, using: &random)
                #expect(inParts == expected, "\(count) bytes in parts at width \(width)")
                for chunks in [1, 2, 16, 256] where count > chunks * 1_024 {
                    let inPieces = try hashInPieces(data, mode, count: 100, chunksOfPiece: chunks)
                    #expect(inPieces == expected, "\(count) bytes in pieces of \(chunks) chunks at width \(width)")
                }
            }
        }
    }

    @Test(arguments: [0, 1, 1_024, 1_025, 2_048, 70_000]) func aSinglePieceGivesTheHashItself(count: Int) {
        var mode = Self.hashMode
        let data = Self.published(count)
        var chaining = [UInt8](repeating: 0, count: 32)
        var root = chaining
        #expect(blake3_subtree(&mode, data, count, 0, &chaining, &root))
        #expect(root == hash(data, mode))
        #expect(root != chaining)
        #expect(!blake3_join(&mode, chaining, 1, &root, 32))
    }

    // MARK: Refusals

    @Test func aPieceThatIsNotASubtreeIsRefused() {
        var mode = Self.hashMode
        let data = Self.published(3_000)
        let untouched = [UInt8](repeating: 7, count: 32)
        var chaining = untouched
        var root = untouched
        // Three chunks must begin at a multiple of four.
        #expect(!blake3_subtree(&mode, data, 3_000, 2, &chaining, nil))
        #expect(!blake3_subtree(&mode, data, 1_025, 1, &chaining, nil))
        #expect(!blake3_subtree(&mode, data, 0, 4, &chaining, nil))
        #expect(!blake3_subtree(&mode, data, 3_000, 4, &chaining, &root))
        #expect(chaining == untouched && root == untouched)
        #expect(blake3_subtree(&mode, data, 3_000, 4, &chaining, nil))
        #expect(chaining != untouched)
    }

    @Test func widthThatNoCPUHasIsRefused() {
        #expect(!blake3_use_lanes(3))
        #expect(blake3_lanes() == Self.widths.max())
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

extension Blake3Tests {
    /// The beginnings of published hashes of `bytes` bytes in the three modes.
    private struct Vector {
        let bytes: Int
        let hash: String
        let keyed: String
        let derived: String
    }

    /// A whole published hash, that of 31,744 bytes.
    private static let longHash =
        "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47860cc51f2b0c28a7b77304bd55fe73af"
        + "663c02d3f52ea053ba43431ca5bab7bfea2f5e9d7121770d88f70ae9649ea713087d1914f7f312147e247f87eb2d4ffe"
        + "f0ac978bf7b6579d57d533355aa20b8b77b13fd09748728a5cc327a8ec470f4013226f"

    /// From test_vectors.json of BLAKE3-team/BLAKE3.
    private static let vectors: [Vector] = [
        Vector(
            bytes: 0,
            hash: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
            keyed: "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
            derived: "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"),
        Vector(
            bytes: 1,
            hash: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
            keyed: "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
            derived: "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"),
        Vector(
            bytes: 1_023,
            hash: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
            keyed: "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
            derived: "74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5"),
        Vector(
            bytes: 1_024,
            hash: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
            keyed: "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
            derived: "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706"),
        Vector(
            bytes: 1_025,
            hash: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
            keyed: "357dc55de0c7e382c900fd6e320acc04146be01db6a8ce7210b7189bd664ea69",
            derived: "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"),
        Vector(
            bytes: 2_048,
            hash: "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
            keyed: "879cf1fa2ea0e79126cb1063617a05b6ad9d0b696d0d757cf053439f60a99dd1",
            derived: "7b2945cb4fef70885cc5d78a87bf6f6207dd901ff239201351ffac04e1088a23"),
        Vector(
            bytes: 2_049,
            hash: "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
            keyed: "9f29700902f7c86e514ddc4df1e3049f258b2472b6dd5267f61bf13983b78dd5",
            derived: "2ea477c5515cc3dd606512ee72bb3e0e758cfae7232826f35fb98ca1bcbdf273"),
        Vector(
            bytes: 3_073,
            hash: "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
            keyed: "68dede9bef00ba89e43f31a6825f4cf433389fedae75c04ee9f0cf16a427c95a",
            derived: "72613c9ec9ff7e40f8f5c173784c532ad852e827dba2bf85b2ab4b76f7079081"),
        Vector(
            bytes: 4_097,
            hash: "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995",
            keyed: "00df940cd36bb9fa7cbbc3556744e0dbc8191401afe70520ba292ee3ca80abbc",
            derived: "aca51029626b55fda7117b42a7c211f8c6e9ba4fe5b7a8ca922f34299500ead8"),
        Vector(
            bytes: 8_192,
            hash: "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63",
            keyed: "dc9637c8845a770b4cbf76b8daec0eebf7dc2eac11498517f08d44c8fc00d58a",
            derived: "ad01d7ae4ad059b0d33baa3c01319dcf8088094d0359e5fd45d6aeaa8b2d0c3d"),
        Vector(
            bytes: 16_384,
            hash: "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4",
            keyed: "9e9fc4eb7cf081ea7c47d1807790ed211bfec56aa25bb7037784c13c4b707b0d",
            derived: "160e18b5878cd0df1c3af85eb25a0db5344d43a6fbd7a8ef4ed98d0714c3f7e1"),
        Vector(
            bytes: 31_744,
            hash: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
            keyed: "efa53b389ab67c593dba624d898d0f7353ab99e4ac9d42302ee64cbf9939a419",
            derived: "39772aef80e0ebe60596361e45b061e8f417429d529171b6764468c22928e28e"),
        Vector(
            bytes: 102_400,
            hash: "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
            keyed: "1c35d1a5811083fd7119f5d5d1ba027b4d01c0c6c49fb6ff2cf75393ea5db4a7",
            derived: "4652cff7a3f385a6103b5c260fc1593e13c778dbe608efb092fe7ee69df6e9c6"),
    ]
}
