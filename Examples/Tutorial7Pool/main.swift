// A pool: a few processes share the work, and the results come back in order.
//
//     swift run Tutorial7Pool

import Multiprocessing

func isPrime(_ number: Int) -> Bool {
    number > 1 && !(2..<number).prefix { $0 * $0 <= number }.contains { number % $0 == 0 }
}

try Pool.with(processes: 4, isPrime) { pool in
    let numbers = Array(1...30)
    let primes = zip(numbers, try pool.map(numbers)).filter(\.1).map(\.0)
    print("The primes up to 30: \(primes.map(String.init).joined(separator: " "))")

    // Takes inputs from a sequence of any length, and returns one result at a time.
    var results = pool.imap(1...10_000)
    var count = 0
    while let isOne = try results.next() {
        count += isOne ? 1 : 0
    }
    print("Up to 10,000 there are \(count).")
}
