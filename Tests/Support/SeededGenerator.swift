import Glibc

/// Reproducible random numbers: the printed seed can be set by the variable `POOLMAP_TEST_SEED`.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// A generator for the test called `name`, whose seed it prints.
    package init(for name: String) {
        let given = getenv("POOLMAP_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        let seed = given ?? UInt64.random(in: 0...UInt64.max)
        print("\(name): POOLMAP_TEST_SEED=\(seed)")
        state = seed
    }

    /// The next number: a step of a linear congruential generator, with its bits mixed.
    package mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var mixed = state ^ state >> 29
        mixed = mixed &* 0xD6E8_FEB8_6659_FD93
        return mixed ^ mixed >> 32
    }

    /// Returns `count` random bytes.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}
