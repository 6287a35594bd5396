@preconcurrency import Glibc
import Multiprocessing

// The library's side of `Benchmarks/library.py`:
//
//     library-bench WORK COUNT     does the work COUNT times and prints the seconds it took
//     library-bench words FILE     counts the words of the file with a closure in 2 workers; for Benchmarks/mapping.py
//     library-bench words-alone FILE, words-mapped FILE     the same loop in one process, which reads or maps the file
//
// On both sides, processes are started and warmed up before the time is measured.

private let works: [String: (Int) throws -> Duration] = [
    "serial-50": serialTime(ofTasksOf: 50), "serial-1000": serialTime(ofTasksOf: 1000), "map": poolMap,
    "imap": poolImap, "imap-unordered": poolImapUnordered,
    "pool-manager-2": poolManagerTime(2), "pool-manager-16": poolManagerTime(16),
    "pool-manager-64": poolManagerTime(64),
    "turns-2": poolManagerTurns(2), "turns-16": poolManagerTurns(16), "turns-64": poolManagerTurns(64),
    "coded-samples": codedSamples, "copied-samples": copiedSamples, "coded-trips": codedTrips,
    "copied-trips": copiedTrips, "coded-arrays": codedArrays, "copied-arrays": copiedArrays,
    "pipe": pipeRoundTrips, "bare-pipe": barePipeRoundTrips,
    "process": processes, "queue": queueValues, "lock": lockPairs, "manager-set": managerSet,
    "manager-update": managerUpdate,
    "slot": slots, "memcpy": copies,
    "bytes": byteTrips, "data": dataTrips, "copied-bytes": byteCopies, "flat": flatTrips, "copied-flat": flatCopies,
    "dictionary": dictionaryTrips, "strings": stringTrips, "rows": rowTrips, "coded": codedValues,
    "spans": spanTrips, "spans-alone": spanWorkAlone,
]

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.count == 2, let count = wordCounts[arguments[0]] {
    print(try count(arguments[1]))
    exit(0)
}
guard arguments.count == 2, let work = works[arguments[0]], let count = Int(arguments[1]), count > 0 else {
    print("usage: library-bench WORK COUNT, where WORK is one of \(works.keys.sorted().joined(separator: " "))")
    exit(2)
}
let time = try work(count)
print(Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18)
