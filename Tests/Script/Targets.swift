import Multiprocessing

// What other files have, every child has: set when it is first used, or in the executable.
let fromAnotherFile = Int.random(in: 40...40)
let literal = 2
nonisolated(unsafe) var count = 0

/// Answers with what it sees.
struct Sum: ProcessTarget, PoolFunction, Codable {
    let answers: Connection

    func run() throws {
        try answers.send(callAsFunction(0))
    }

    func callAsFunction(_ number: Int) -> Int {
        number + fromAnotherFile + literal + count + used
    }
}

/// What a helper of the parent may do.
func countUp() {
    count += 100
}
