// A pool in a program that already has threads.
//
//     swift run PoolsAndThreads

import Multiprocessing

// The function that the workers run. Its properties are the arguments; a spawned pool finds it by the name of its type.
struct Power: PoolFunction, Codable {
    let exponent: Int

    func callAsFunction(_ base: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}

@main
struct PoolsAndThreads {
    static func main() async throws {
        // The first task creates threads, and from then on this process must not fork.
        let exponent = await Task { 3 }.value
        print(try powers(of: 1...5, Power(exponent: exponent)))
    }

    /// Blocks the calling thread until all is done.
    static func powers(of numbers: ClosedRange<Int>, _ power: Power) throws -> [Int] {
        try Pool.with(startMethod: .automatic, processes: 2, power) { pool in
            try pool.map(numbers)
        }
    }
}
