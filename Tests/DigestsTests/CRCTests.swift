import CChecksums
import Glibc
import TestSupport
import Testing

@testable import Digests

/// The three CRCs: the definition, the table, the widths of this CPU, and the algebra, each checked against the one
/// before.
///
/// The tests run one after the other, since the width is a setting of the whole process.
@Suite(.serialized) struct CRCTests {
    /// The widths that this CPU supports, in bytes at a time.
    private static let widths: [UInt32] = {
        defer { poolmap_crc_limit_width(64) }
        return [8, 16, 64].filter { poolmap_crc_limit_width($0) == $0 }
    }()

    /// Runs `body` once at each width.
    private func atEachWidth(_ body: (UInt32) throws -> Void) rethrows {
        defer { poolmap_crc_limit_width(64) }
        for width in Self.widths {
            poolmap_crc_limit_width(width)
            try body(width)
        }
    }

    // MARK: Published values

    @Test(arguments: CRC.all) func publishedCheckValueComesOutAtEveryWidth(crc: CRC) {
        atEachWidth { width in
            #expect(crc.value(of: Array("123456789".utf8)) == crc.published, "width \(width)")
            #expect(crc.value(of: []) == 0, "width \(width)")
        }
        #expect(crc.portable(of: Array("123456789".utf8)) == crc.published)
        #expect(crc.defined(Array("123456789".utf8)) == crc.published)
    }

    /// The examples of the NVM Command Set Specification.
    @Test func examplesOfNVMeComeOutAtEveryWidth() {
        let examples: [([UInt8], UInt64)] = [
            ([UInt8](repeating: 0, count: 4_096), 0x6482_D367_EB22_B64E),
            ([UInt8](repeating: 255, count: 4_096), 0xC0DD_BA73_02EC_A3AC),
            ((0..<4_096).map { UInt8($0 % 256) }, 0x3E72_9F5F_6750_449C),
            ((0..<4_096).map { UInt8(255 - $0 % 256) }, 0x9A2D_F64B_8E9E_517E),
        ]
        atEachWidth { width in
            for (bytes, value) in examples {
                #expect(CRC.crc64nvme.value(of: bytes) == value, "width \(width)")
            }
        }
    }

    // MARK: Comparisons

    @Test(arguments: CRC.all) func theTableMatchesTheDefinitionForEveryLength(crc: CRC) {
        var random = SeededGenerator(for: "theTableMatchesTheDefinitionForEveryLength")
        let data = random.bytes(5_000)
        var register = UInt64.max
        data.withUnsafeBytes { bytes in
            for length in 0...data.count {
                guard crc.portable(of: bytes.bytes(in: 0..<length)) == crc.ended(register) else {
                    Issue.record("length \(length)")
                    return
                }
                if length < data.count {
                    register = crc.moved(register, over: bytes[length])
                }
            }
        }
    }

    @Test(arguments: CRC.all) func everyLengthAndAlignmentMatchesTheTable(crc: CRC) {
        var random = SeededGenerator(for: "everyLengthAndAlignmentMatchesTheTable")
        let data = random.bytes(5_016)
        let before = random.next() & crc.mask
        data.withUnsafeBytes { bytes in
            for alignment in 0..<16 {
                // Byte by byte, so that all lengths together take no longer than the longest one.
                var expected = [before]
                for index in alignment..<(alignment + 5_000) {
                    let next = bytes.bytes(in: index..<(index + 1))
                    expected.append(crc.portable(of: next, continuing: expected[index - alignment]))
                }
                // The first width is the table.
                for width in Self.widths.dropFirst() {
                    poolmap_crc_limit_width(width)
                    let wrong = (0...5_000).first { length in
                        let piece = bytes.bytes(in: alignment..<(alignment + length))
                        return crc.value(of: piece, continuing: before) != expected[length]
                    }
                    #expect(wrong == nil, "the length that is wrong at alignment \(alignment), width \(width)")
                }
                poolmap_crc_limit_width(64)
            }
        }
    }

    @Test func nothingOutsideTheInputIsRead() throws {
        let page = sysconf(Int32(_SC_PAGESIZE))
        // Two pages between two inaccessible ones.
        let space = mmap(nil, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        let pages = try #require(space == MAP_FAILED ? nil : space)
        defer { munmap(pages, 4 * page) }
        try #require(mprotect(pages + page, 2 * page, PROT_READ | PROT_WRITE) == 0)
        var random = SeededGenerator(for: "nothingOutsideTheInputIsRead")
        let data = UnsafeMutableRawBufferPointer(start: pages + page, count: 2 * page)
        data.copyBytes(from: random.bytes(2 * page))
        let bytes = UnsafeRawBufferPointer(data)
        let lengths = Array(0...1_100) + [page, 2 * page - 1, 2 * page]
        atEachWidth { width in
            for crc in CRC.all {
                let wrong = lengths.first { length in
                    let first = bytes.bytes(in: 0..<length)
                    let last = bytes.bytes(in: (2 * page - length)..<(2 * page))
                    return crc.value(of: first) != crc.portable(of: first)
                        || crc.value(of: last) != crc.portable(of: last)
                }
                #expect(wrong == nil, "the length that is wrong with \(crc), width \(width)")
            }
        }
    }

    // MARK: Pieces

    @Test(arguments: CRC.all) func piecesContinuedGiveTheCheckOfTheWhole(crc: CRC) {
        var random = SeededGenerator(for: "piecesContinuedGiveTheCheckOfTheWhole")
        let data = random.bytes(40_000)
        let whole = crc.portable(of: data)
        data.withUnsafeBytes { bytes in
            for round in 0..<60 {
                poolmap_crc_limit_width(Self.widths[round % Self.widths.count])
                var value: UInt64 = 0
                var done = 0
                while done < bytes.count {
                    let largest = [1, 20, 300, 3_000, 30_000].randomElement(using: &random) ?? 1
                    let end = min(bytes.count, done + Int.random(in: 0...largest, using: &random))
                    value = crc.value(of: bytes.bytes(in: done..<end), continuing: value)
                    done = end
                }
                #expect(value == whole, "width \(Self.widths[round % Self.widths.count])")
            }
        }
        poolmap_crc_limit_width(64)
    }

    @Test(arguments: CRC.all) func piecesCombinedGiveTheCheckOfTheWhole(crc: CRC) {
        var random = SeededGenerator(for: "piecesCombinedGiveTheCheckOfTheWhole")
        let data = random.bytes(100_000)
        data.withUnsafeBytes { bytes in
            let whole = crc.value(of: bytes)
            for round in 0..<200 {
                // The cuts include the very beginning and the very end.
                let cut = [0, bytes.count, Int.random(in: 0...bytes.count, using: &random)][min(round, 2)]
                let first = crc.value(of: bytes.bytes(in: 0..<cut))
                let second = crc.value(of: bytes.bytes(in: cut..<bytes.count))
                #expect(crc.combine(first, second, secondBytes: UInt64(bytes.count - cut)) == whole, "cut at \(cut)")
                #expect(crc.combine(first, 0, secondBytes: 0) == first)
            }
            for _ in 0..<20 {
                let cuts = (0..<30).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted()
                var value: UInt64 = 0
                for (begin, end) in zip([0] + cuts, cuts + [bytes.count]) {
                    let piece = crc.value(of: bytes.bytes(in: begin..<end))
                    value = crc.combine(value, piece, secondBytes: UInt64(end - begin))
                }
                #expect(value == whole, "cut at \(cuts)")
            }
        }
    }

    /// Inputs too long to hash here: zeros, whose effect is a matrix, and that of twice as many its square.
    @Test(arguments: CRC.all) func piecesBeyond32BitsAreCombined(crc: CRC) {
        var random = SeededGenerator(for: "piecesBeyond32BitsAreCombined")
        let powers = ZeroBytes.powersOfTwo(crc)
        let many: [UInt64] = [1 << 32 - 1, 1 << 32, 1 << 32 + 1, 1 << 40 + 12_345, 1 << 63, .max]
        for count in many + (0..<20).map({ _ in random.next() >> UInt64.random(in: 0..<40, using: &random) }) {
            let first = random.next() & crc.mask
            let zeros = crc.ended(powers.move(.max & crc.mask, over: count))
            let both = crc.ended(powers.move(~first & crc.mask, over: count))
            #expect(crc.combine(first, zeros, secondBytes: count) == both, "\(count) zeros behind \(first)")
        }
        // First check the matrices against the computed CRCs of a million zeros, and of a few.
        for count in [0, 1, 777, 1 << 20] {
            let zeros = crc.ended(powers.move(.max & crc.mask, over: UInt64(count)))
            #expect(crc.value(of: [UInt8](repeating: 0, count: count)) == zeros, "\(count) zeros")
        }
    }

    /// The CRC of zeros by doubling, from a computed one to 2^40 bytes and more.
    @Test(arguments: CRC.all) func doubledZerosAreCombined(crc: CRC) {
        let powers = ZeroBytes.powersOfTwo(crc)
        var count: UInt64 = 1_000
        var value = crc.value(of: [UInt8](repeating: 0, count: Int(count)))
        while count < 1 << 41 {
            value = crc.combine(value, value, secondBytes: count)
            count *= 2
            #expect(value == crc.ended(powers.move(.max & crc.mask, over: count)), "\(count) zeros")
        }
    }
}

// MARK: The definition

/// Matrices over bits that advance a register over 1, 2, 4, 8, … zero bytes.
private struct ZeroBytes {
    /// For each power of two, the image of each bit of a register.
    private let matrices: [[UInt64]]

    static func powersOfTwo(_ crc: CRC) -> ZeroBytes {
        var matrix = (0..<crc.bits).map { crc.moved(1 << UInt64($0), over: 0) }
        var matrices = [matrix]
        while matrices.count < 64 {
            matrix = matrix.map { product(matrix, $0) }
            matrices.append(matrix)
        }
        return ZeroBytes(matrices: matrices)
    }

    func move(_ register: UInt64, over count: UInt64) -> UInt64 {
        matrices.enumerated().reduce(register) { register, power in
            count >> UInt64(power.offset) & 1 == 1 ? ZeroBytes.product(power.element, register) : register
        }
    }

    private static func product(_ matrix: [UInt64], _ register: UInt64) -> UInt64 {
        matrix.enumerated().reduce(0) { register >> UInt64($1.offset) & 1 == 1 ? $0 ^ $1.element : $0 }
    }
}

extension CRC {
    fileprivate static let all = [CRC.crc32, .crc32c, .crc64nvme]

    /// The CRC of "123456789" from the catalogue of parametrised CRC algorithms.
    fileprivate var published: UInt64 {
        switch self {
        case .crc32: 0xCBF4_3926
        case .crc32c: 0xE306_9283
        case .crc64nvme: 0xAE8B_1486_0A79_9888
        }
    }

    fileprivate var bits: Int { self == .crc64nvme ? 64 : 32 }

    fileprivate var mask: UInt64 { .max >> UInt64(64 - bits) }

    private var reversedPolynomial: UInt64 {
        switch self {
        case .crc32: 0xEDB8_8320
        case .crc32c: 0x82F6_3B78
        case .crc64nvme: 0x9A6C_9329_AC4B_C9B5
        }
    }

    /// The register after one more byte, computed bit by bit.
    fileprivate func moved(_ register: UInt64, over byte: UInt8) -> UInt64 {
        (0..<8).reduce(register & mask ^ UInt64(byte)) { register, _ in
            register >> 1 ^ (register & 1 == 1 ? reversedPolynomial : 0)
        }
    }

    /// The CRC for a final register.
    fileprivate func ended(_ register: UInt64) -> UInt64 { ~register & mask }

    fileprivate func defined(_ bytes: [UInt8]) -> UInt64 {
        ended(bytes.reduce(.max) { moved($0, over: $1) })
    }

    fileprivate func value(of bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { value(of: $0, continuing: 0) }
    }

    fileprivate func value(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        value(of: bytes, continuing: 0)
    }

    fileprivate func portable(of bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { portable(of: $0) }
    }

    fileprivate func portable(of bytes: UnsafeRawBufferPointer, continuing value: UInt64 = 0) -> UInt64 {
        switch self {
        case .crc32: UInt64(poolmap_crc32_portable(UInt32(value), bytes.baseAddress, bytes.count))
        case .crc32c: UInt64(poolmap_crc32c_portable(UInt32(value), bytes.baseAddress, bytes.count))
        case .crc64nvme: poolmap_crc64nvme_portable(value, bytes.baseAddress, bytes.count)
        }
    }
}
