import CChecksums
import TestSupport
import Testing

@testable import Ground

@Suite struct CRC32CTests {
    /// The definition, bit by bit, to check both implementations against.
    private func bitwise(_ bytes: [UInt8]) -> UInt32 {
        var register = UInt32.max
        for byte in bytes {
            register ^= UInt32(byte)
            for _ in 0..<8 {
                register = register >> 1 ^ (register & 1 != 0 ? 0x82F6_3B78 : 0)
            }
        }
        return ~register
    }

    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { CRC32C.checksum(of: $0) }
    }

    private func portable(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { poolmap_crc32c_portable(0, $0.baseAddress, $0.count) }
    }

    /// Published vectors: the standard check value, and those of RFC 3720.
    static let vectors: [(bytes: [UInt8], checksum: UInt32)] = [
        ([], 0),
        (Array("123456789".utf8), 0xE306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 255, count: 32), 0x62A8_AB43),
        ([UInt8](0..<32), 0x46DD_794E),
        ([UInt8]((0..<32).reversed()), 0x113F_DB5C),
    ]

    @Test(arguments: vectors) func knownVectorsComeOutRight(vector: (bytes: [UInt8], checksum: UInt32)) {
        #expect(checksum(vector.bytes) == vector.checksum)
        #expect(portable(vector.bytes) == vector.checksum)
        #expect(bitwise(vector.bytes) == vector.checksum)
    }

    @Test func hardwareAndPortableAgreeForAllLengthsAndAlignments() {
        var generator = SeededGenerator(for: "hardwareAndPortableAgreeForAllLengthsAndAlignments")
        let data = generator.bytes(1016)
        data.withUnsafeBytes { bytes in
            for alignment in 0..<16 {
                for length in 0...1000 {
                    let piece = bytes.bytes(in: alignment..<alignment + length)
                    let portable = poolmap_crc32c_portable(7, piece.baseAddress, length)
                    guard CRC32C.checksum(of: piece, continuing: 7) == portable else {
                        Issue.record("length \(length), alignment \(alignment)")
                        return
                    }
                }
            }
        }
    }

    /// The hardware implementation processes 3072 bytes per round, so the interesting lengths are near its multiples.
    @Test(arguments: [0, 1, 2, 5]) func longInputsAgreeWithTheDefinitionAroundWholeRounds(rounds: Int) {
        var generator = SeededGenerator(for: "longInputsAgreeWithTheDefinitionAroundWholeRounds")
        for excess in [-9, -8, -1, 0, 1, 7, 8, 9, 1024, 2048] where rounds * 3072 + excess >= 0 {
            let data = generator.bytes(rounds * 3072 + excess)
            #expect(checksum(data) == bitwise(data), "\(data.count) bytes")
            #expect(portable(data) == bitwise(data), "\(data.count) bytes")
        }
    }

    @Test func piecesGiveTheChecksumOfTheWhole() {
        var generator = SeededGenerator(for: "piecesGiveTheChecksumOfTheWhole")
        let data = generator.bytes(20_000)
        data.withUnsafeBytes { bytes in
            let whole = CRC32C.checksum(of: bytes)
            for _ in 0..<50 {
                let cut = Int.random(in: 0...data.count, using: &generator)
                let first = CRC32C.checksum(of: bytes.bytes(in: 0..<cut))
                #expect(CRC32C.checksum(of: bytes.bytes(in: cut..<data.count), continuing: first) == whole)
            }
        }
    }
}
