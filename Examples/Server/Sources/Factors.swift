import Multiprocessing

/// The function that the workers run: the prime factors of a number, the smallest first.
struct Factors: PoolFunction, Codable {
    func callAsFunction(_ number: UInt64) -> [UInt64] {
        var factors: [UInt64] = []
        var rest = number
        var divisor: UInt64 = 2
        while divisor <= rest / divisor {
            if rest % divisor == 0 {
                factors.append(divisor)
                rest /= divisor
            } else {
                divisor += divisor == 2 ? 1 : 2
            }
        }
        if rest > 1 { factors.append(rest) }
        return factors
    }
}
