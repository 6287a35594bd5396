// A pool in a program that has threads already.
//
//     swift run PoolsAndThreads

import Multiprocessing

// What the workers run: its properties are the arguments. A pool that is spawned finds it by the type's name.
struct Power: PoolFunction, Codable {
    let exponent: Int

    func callAsFunction(_ base: Int) -> Int {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}

@main
struct PoolsAndThreads {
    static func main() async throws {
        // The first task makes threads, and from then on this process must not fork.
        let exponent = await Task { 3 }.value
        print(try powers(of: 1...5, Power(exponent: exponent)))
    }

    /// Blocks the thread that calls it until all is done.
    static func powers(of numbers: ClosedRange<Int>, _ power: Power) throws -> [Int] {
        try Pool.with(startMethod: .automatic, processes: 2, power) { pool in
            try pool.map(numbers)
        }
    }
}
