@preconcurrency import Glibc
import Multiprocessing
import JobServer
import SystemPackage

/// A real make, which counts its tokens when it ends and reports missing ones: `make`, or the program in the variable
/// MAKE_PROGRAM, so that other versions can be tested.
func makeScenarios() {
    scenario("makeHasAllTokensAtItsEnd") {
        let run = try make(["-j4"], recipes: (1...8).map { ("r\($0)", "+@$(RECIPE) work") })
        run.expectContent()
        // Each line is the number of active jobs, or the decrease.
        var (sum, most) = (0, 0)
        for line in run.log.split(separator: "\n") {
            sum += Int(line) ?? 1000
            most = max(most, sum)
        }
        expectEqual(sum, 0)
        expect(most <= 4, "\(most) jobs at a time where make allows 4")
        expect(most >= 2, "no token was used")
    }
    scenario("makeHasAllTokensAfterRecipesThatWereKilled") {
        let recipes = (1...6).map { ("r\($0)", "+@$(RECIPE) killed") } + [("last", "+@sleep 0.3")]
        let run = try make(["-k", "-j4"], recipes: recipes)
        expectEqual(run.status, .exited(2), run.output)
        expectEqual(run.output.split(separator: "\n").count { $0.contains("Killed") }, 6, run.output)
        run.expectNoComplaint()
    }
    scenario("subMakeSharesTheTokens") {
        let run = try make(
            ["-j3", "V=-j1 --jobserver-auth=7,8"],
            recipes: [
                ("a", "@$(MAKE) -f $(firstword $(MAKEFILE_LIST)) work"), ("b", "+@$(RECIPE) work"),
                ("work", "+@$(RECIPE) work"),
            ], goals: ["a", "b"])
        run.expectContent()
        expect(run.log.contains("+"), "nothing was done: \(run.output)")
    }
    scenario("recipeThatIsNotASubMakeIsToldWhyItHasNoTokens") {
        let run = try make(["-j3"], recipes: [("a", "@$(RECIPE) state"), ("b", "+@$(RECIPE) state")])
        run.expectContent()
        // Anyone may open a named pipe.
        let isFifo = run.output.contains("fifo:")
        let hint = "one: make passes its job server only to recipe lines that begin with +"
        expectEqual(run.states["a"], isFifo ? "server" : hint)
        expectEqual(run.states["b"], "server")
    }
    scenario("makeWithoutJobsSaysSo") {
        let recipes = [("a", "+@$(RECIPE) state")]
        expectEqual(try make([], recipes: recipes).states["a"], "none")
        expectEqual(try make(["-j1"], recipes: recipes).states["a"], "one")
        expectEqual(try make(["-j"], recipes: recipes).states["a"], "none")
    }
}

/// The result of a run of make.
private struct MakeRun {
    let status: ExitStatus?
    let output: String
    let log: String

    /// The state that each recipe reported, by target.
    var states: [String: String] {
        var states: [String: String] = [:]
        for line in output.split(separator: "\n") where line.hasPrefix("state ") {
            let fields = line.split(separator: " ", maxSplits: 2)
            states[String(fields[1])] = fields.count > 2 ? String(fields[2]) : ""
        }
        return states
    }

    func expectContent(file: StaticString = #fileID, line: UInt = #line) {
        expectEqual(status, .exited(0), output, file: file, line: line)
        expectNoComplaint(file: file, line: line)
    }

    /// make's messages about lost tokens, and about a lost job server.
    func expectNoComplaint(file: StaticString = #fileID, line: UInt = #line) {
        for word in ["INTERNAL", "internal", "tokens", "jobserver unavailable"] {
            expect(!output.contains(word), output, file: file, line: line)
        }
    }
}

/// Runs make with a makefile of these targets; `$(RECIPE) DEED` in it is this program, see `runRecipe`.
private func make(
    _ arguments: [String], recipes: [(target: String, line: String)], goals: [String]? = nil
) throws -> MakeRun {
    let (makefile, log) = (temporaryFolder + "/makefile", temporaryFolder + "/log")
    defer {
        unlink(makefile)
        unlink(log)
    }
    let own = try require(realpath("/proc/self/exe", nil))
    defer { free(own) }
    var text = "RECIPE = \(String(cString: own)) --recipe \(log) $@\n"
    for (target, line) in recipes {
        text += ".PHONY: \(target)\n\(target):\n\t\(line)\n"
    }
    let file = try require(fopen(makefile, "w"))
    fputs(text, file)
    fclose(file)
    let program = getenv("MAKE_PROGRAM").map { String(cString: $0) } ?? "make"
    let command = [program, "--no-print-directory", "-f", makefile] + arguments + (goals ?? recipes.map(\.target))
    var status: ExitStatus?
    let output = try captured(1) {
        let child = Process {
            dup2(1, 2)
            unsetenv("MAKEFLAGS")
            var pointers = command.map { strdup($0) } + [nil]
            execvp(program, &pointers)
        }
        try child.start()
        status = try child.join(timeout: .seconds(30))
        if status == nil {
            child.kill()
            try child.join()
        }
    }
    return MakeRun(status: status, output: output, log: textOf(log) ?? "")
}

/// This program as the command of a recipe; its last argument says what to do.
///
///     scenarios --recipe LOG TARGET work|killed|state
func runRecipe(_ arguments: [String]) -> Never {
    guard arguments.count == 3 else { exit(2) }
    let jobs = MakeJobs.fromEnvironment()
    switch (arguments[2], jobs) {
    case ("work", .server(let server)):
        for _ in 0..<5 {
            server.want(3)
            _ = server.hears(within: .milliseconds(20)) { server.held == 3 }
            let count = 1 + server.held
            log(arguments[0], "+\(count)\n")
            usleep(3000)
            log(arguments[0], "-\(count)\n")
            server.want(0)
        }
        server.close()
        exit(0)
    case ("killed", .server(let server)):
        server.want(3)
        // Its processes inherit everything that this one has open.
        let pool = try? Pool(processes: 2) { (number: Int) in number }
        _ = try? pool?.map([1, 2])
        _ = server.hears(within: .milliseconds(20)) { server.held == 3 }
        withExtendedLifetime(pool) { _ = kill(getpid(), SIGKILL) }
    case ("state", _):
        let state: String
        switch jobs {
        case .none: state = "none"
        case .one(nil): state = "one"
        case .one(.some(let reason)): state = "one: \(reason)"
        case .server: state = "server"
        }
        print("flags \(getenv("MAKEFLAGS").map { String(cString: $0) } ?? "")\nstate \(arguments[1]) \(state)")
        exit(0)
    default: break
    }
    print("no job server")
    exit(1)
}

/// Appends a line with one write, so that the lines are in the order of events.
private func log(_ path: String, _ line: String) {
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    _ = write(file, line, line.utf8.count)
    close(file)
}
