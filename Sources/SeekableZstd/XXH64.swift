import Ground

/// XXH64 with seed 0, the checksum of a frame's content.
///
/// Frames and seek tables keep its low half.
enum XXH64 {
    private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5
    )

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash = primes.4
        var place = 0
        if bytes.count >= 32 {
            var lanes = SIMD4(primes.0 &+ primes.1, primes.1, 0, 0 &- primes.0)
            while bytes.count - place >= 32 {
                for lane in 0..<4 {
                    lanes[lane] = round(lanes[lane], bytes.littleEndian(at: place + 8 * lane))
                }
                place += 32
            }
            hash = rotated(lanes[0], 1) &+ rotated(lanes[1], 7) &+ rotated(lanes[2], 12) &+ rotated(lanes[3], 18)
            for lane in 0..<4 {
                hash = (hash ^ round(0, lanes[lane])) &* primes.0 &+ primes.3
            }
        }
        hash &+= UInt64(bytes.count)
        while bytes.count - place >= 8 {
            hash = rotated(hash ^ round(0, bytes.littleEndian(at: place)), 27) &* primes.0 &+ primes.3
            place += 8
        }
        if bytes.count - place >= 4 {
            let word = UInt64(bytes.littleEndian(UInt32.self, at: place))
            hash = rotated(hash ^ word &* primes.0, 23) &* primes.1 &+ primes.2
            place += 4
        }
        for byte in bytes.bytes(in: place..<bytes.count) {
            hash = rotated(hash ^ UInt64(byte) &* primes.4, 11) &* primes.0
        }
        hash = (hash ^ hash >> 33) &* primes.1
        hash = (hash ^ hash >> 29) &* primes.2
        return hash ^ hash >> 32
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotated(lane &+ word &* primes.1, 31) &* primes.0
    }

    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }
}
