import Glibc
import Testing

@testable import JobServer

/// The result of each kind of `MAKEFLAGS`, with real descriptors in all the states that occur in recipes.
///
/// Nothing here asks for a token, so nothing forks.
@Suite struct MakeJobsTests {
    /// How many jobs may run, in words.
    private func outcome(_ text: String) -> String {
        switch MakeJobs(MakeFlags(text)) {
        case .none: "none"
        case .one(nil): "one"
        case .one(.some(let reason)): "one: \(reason)"
        case .server: "server"
        }
    }

    private let notPassedOn = "one: make passes its job server only to recipe lines that begin with +"

    private func withPipe(_ body: (_ reader: Int32, _ writer: Int32) throws -> Void) rethrows {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        try body(ends[0], ends[1])
    }

    /// A path in a fresh folder.
    private func withPath(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/make-jobs-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer {
            unlink(folder + "/fifo")
            rmdir(folder)
        }
        try body(folder + "/fifo")
    }

    @Test func withoutAJobServerTheNumberOfJobsCounts() {
        #expect(outcome("") == "none")
        #expect(outcome("k -- V=1") == "none")
        #expect(outcome("-j8") == "none")
        #expect(outcome(" -j") == "none")
        #expect(outcome("w -j1") == "one")
    }

    @Test func pipeOfMakeIsAJobServerAndItsFlagsStayAsTheyAre() {
        withPipe { reader, writer in
            for flags in [0, O_NONBLOCK] {
                #expect(fcntl(reader, F_SETFL, flags) == 0)
                let before = [fcntl(reader, F_GETFL), fcntl(writer, F_GETFL)]
                #expect(outcome(" -j4 --jobserver-auth=\(reader),\(writer)") == "server")
                // Even a make that chose to run one job itself says how many others may run.
                #expect(outcome(" -j1 --jobserver-auth=\(reader),\(writer)") == "server")
                #expect([fcntl(reader, F_GETFL), fcntl(writer, F_GETFL)] == before)
            }
        }
    }

    @Test func jobServerThatIsNotForThisProcessMeansOneJob() {
        #expect(outcome(" -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2") == notPassedOn)
        #expect(outcome(" -j4 --jobserver-auth=what") == "one: make's job server has an unknown form: what")
    }

    @Test func descriptorsThatAreClosedMeanOneJob() {
        // So high that the test runner cannot have them open.
        let (one, other): (Int32, Int32) = (1_000_003, 1_000_004)
        #expect(outcome(" -j4 --jobserver-auth=\(one),\(other)") == notPassedOn)
        withPipe { reader, writer in
            #expect(outcome(" -j4 --jobserver-auth=\(reader),\(other)") == notPassedOn)
            #expect(outcome(" -j4 --jobserver-auth=\(one),\(writer)") == notPassedOn)
        }
    }

    @Test func descriptorsOfSomethingElseMeanOneJob() {
        let null = open("/dev/null", O_RDWR)
        defer { close(null) }
        withPipe { reader, writer in
            #expect(outcome(" -j4 --jobserver-auth=\(null),\(null)") == notPassedOn)
            #expect(outcome(" -j4 --jobserver-auth=\(reader),\(null)") == notPassedOn)
            #expect(outcome(" -j4 --jobserver-auth=\(null),\(writer)") == notPassedOn)
            // The ends swapped, and the same end twice.
            #expect(outcome(" -j4 --jobserver-auth=\(writer),\(reader)") == notPassedOn)
            #expect(outcome(" -j4 --jobserver-auth=\(reader),\(reader)") == notPassedOn)
            #expect(outcome(" -j4 --jobserver-auth=\(writer),\(writer)") == notPassedOn)
            withPipe { otherReader, otherWriter in
                #expect(outcome(" -j4 --jobserver-auth=\(reader),\(otherWriter)") == notPassedOn)
                #expect(outcome(" -j4 --jobserver-auth=\(otherReader),\(writer)") == notPassedOn)
            }
        }
        var sockets: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        defer { sockets.forEach { close($0) } }
        #expect(outcome(" -j4 --jobserver-auth=\(sockets[0]),\(sockets[1])") == notPassedOn)
    }

    @Test func namedPipeIsAJobServerWhileMakeHasItOpen() throws {
        try withPath { path in
            let flags = " -j4 --jobserver-auth=fifo:\(path)"
            let failure = "one: cannot open make's job server: \(path): "
            #expect(outcome(flags) == failure + "No such file or directory")
            #expect(mkfifo(path, 0o600) == 0)
            // Left by a make that was killed.
            #expect(outcome(flags) == failure + "No such device or address")
            let reader = open(path, O_RDONLY | O_NONBLOCK)
            #expect(outcome(flags) == "server")
            close(reader)
            unlink(path)
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            #expect(outcome(flags) == "one: make's job server is not a pipe")
        }
    }
}
