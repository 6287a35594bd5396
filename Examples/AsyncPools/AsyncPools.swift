// A pool for programs that wait with `await`.
//
//     swift run AsyncPools

import Multiprocessing

struct Power: PoolFunction, Codable {
    let exponent: Int

    func callAsFunction(_ base: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}

@main
struct AsyncPools {
    static func main() async throws {
        let pool = try AsyncPool(Power(exponent: 3))
        async let first = pool.map(1...5)
        async let second = pool.apply(6)
        print(try await first, try await second)
        for try await power in pool.imap(1...3) { print(power) }
        await pool.terminate()
    }
}
