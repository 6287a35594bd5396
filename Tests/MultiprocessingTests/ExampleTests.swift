import TestSupport
import Testing

/// Runs the programs of the folder Examples, as a reader of the tutorial would, and checks their output.
///
/// Each output line must match the pattern in its position; where processes print concurrently, in any order.
@Suite(.serialized)
struct ExampleTests {
    struct Example: CustomTestStringConvertible, Sendable {
        let name: String
        var isOrdered = true
        let lines: [String]
        var status: Int32 = 0

        var testDescription: String { name }
    }

    static let all = [
        Example(
            name: "Tutorial1Process", isOrdered: false,
            lines: Array(repeating: #"It is \d+ hours, \d+ minutes and \d+ seconds\."#, count: 3)
                + [#"The parent waits\."#, "watch exited with code 0"]),
        Example(
            name: "Tutorial2PIDs",
            lines: [
                #"parent: I am process (\d+), my parent is \d+\."#, #"child: I am process \d+, my parent is \d+\."#,
                #"child: the library calls me Process-1, and my parent MainProcess\."#,
                #"parent: my child was process \d+\."#,
            ]),
        Example(
            name: "Tutorial3Globals",
            lines: [
                "child: there are 2 guests, as when I was started", "child: now there are 3", "parent: I still see 2",
            ]),
        Example(
            name: "Tutorial4Pipe",
            lines: [
                "parent: the guests are Ada, Grace, Barbara", "parent: the other end of the connection is closed",
            ]),
        Example(
            name: "Tutorial5Queue", isOrdered: false, lines: ["Ada has come", "Barbara has come", "Grace has come"]),
        Example(name: "Tutorial6Lock", isOrdered: false, lines: (0..<10).map { "hello from number \($0)" }),
        Example(
            name: "Tutorial7Pool",
            lines: [
                "The primes up to 30: 2 3 5 7 11 13 17 19 23 29", #"Up to 10,000 there are 1229\."#,
            ]),
        Example(
            name: "Tutorial8SharedMemory",
            lines: [
                #"The squares are \[0, 1, 4, 9, 16\], their sum is 30\."#, #"The last half is 65535\.5\."#,
            ]),
        Example(
            name: "Tutorial9Manager",
            lines: [
                "Ada: 36", "Barbara: 68", "Grace: 85", "Ada has signed the book", "Barbara has signed the book",
                "Grace has signed the book",
            ]),
        Example(
            name: "CPUCount",
            lines: [#"The machine has \d+ processors, and this process may keep \d+ of them busy\."#]),
        Example(
            name: "Descriptors", isOrdered: false, lines: ["the child was here", "parent: written"]),
        Example(name: "JoinableQueue", lines: [#"Served: a cake, a salad, a soup\."#]),
        Example(
            name: "ListenerAndClient", isOrdered: false,
            lines: ["client: good evening", "server: good morning", "stranger: authenticationFailed"]),
        Example(
            name: "Log",
            lines: [
                ".* info multiprocessing: .*from here on",
                #".* debug multiprocessing: .*started noticed as process \d+"#,
                #".* debug multiprocessing: .*noticed, process \d+, exited with code 0"#,
            ]),
        Example(
            name: "PoolAsync",
            lines: [
                #"callback: slept for 0\.01 s"#, #"result: slept for 0\.01 s"#, "the long one: taskTimedOut",
                "the unwanted one: cancelled", "after that: 2 results", #"starmap: \[2\.0, 12\.0\]"#,
            ]),
        Example(name: "RegisteredTypes", lines: ["balance: 400"]),
        Example(
            name: "SharedValues",
            lines: [
                #"position 5\.0, 2\.0; samples \[0\.0, 0\.5, 1\.0, 1\.5\]; hits 40"#,
                "the first of 1024 bytes is 42", "element 2 is \"drei\"",
            ]),
        Example(
            name: "Errors",
            lines: [
                "input 1 of XX: taskFailed", "Rome", "no country YY",
                #"received: \["Ada", "Grace"\]"#,
                #"error: receive on a closed connection|error: receive on the sending end.*"#,
            ], status: 1),
        Example(name: "StartMethods", lines: ["fork: 55", "spawn: 55", "forkserver: 55"]),
        Example(name: "AsyncPools", lines: [#"\[1, 8, 27, 64, 125\] 216"#, "1", "8", "27"]),
        Example(name: "PoolsAndThreads", lines: [#"\[1, 8, 27, 64, 125\]"#]),
        Example(
            name: "LocksAndEvents",
            lines: [
                "3 runners started", "at most 2 were inside", "three dishes are ready", "all three met",
                "the lock was recovered",
            ]),
        Example(
            name: "MakeTokens",
            lines: [
                "3 jobs may run: one that needs no token, and one for each of 2", "make has 2 tokens again: ab",
            ]),
        Example(
            name: "SeekableRange",
            lines: [
                #"bytes 0\.\.<\d+ of the file hold 0\.\.<4096 of 10951"#,
                #"bytes \d+\.\.<\d+ of the file hold 4096\.\.<8192 of 10951"#,
                #"bytes \d+\.\.<\d+ of the file hold 8192\.\.<10951 of 10951"#, "Supplemental Punctuation",
            ]),
    ]

    @Test(arguments: all)
    func exampleRunsAndPrints(_ example: Example) async throws {
        let result = try await run([program(named: example.name)])
        #expect(result.status == example.status, "\(result.output)")
        let seen = result.output.split(separator: "\n").map(String.init)
        let lines = example.isOrdered ? seen : seen.sorted()
        let patterns = example.isOrdered ? example.lines : example.lines.sorted()
        try #require(lines.count == patterns.count, "\(result.output)")
        for (line, pattern) in zip(lines, patterns) {
            #expect(try Regex(pattern).wholeMatch(in: line) != nil, "\(line) is not \(pattern)")
        }
    }
}
