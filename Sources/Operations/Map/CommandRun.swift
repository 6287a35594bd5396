import CFiles
import CJobServer
import CPoolmap
import Files
import Glibc
import Ground
import SystemPackage

/// Runs a command once: feeds it a chunk and collects what it writes.
///
/// It ends when its own process ends: its output is what has been written by then, even if other processes keep the
/// pipe open. Not reading the whole chunk is no failure. A command is ended once the run has written to standard output
/// and nothing reads it any more, since it might run for hours before its own output met the closed pipe.
struct CommandRun {
    /// How a command ended.
    enum End: BitwiseCopyable {
        /// By itself, or by a signal from elsewhere: the status as `wait` returns it.
        case ended(status: Int32)
        /// It exceeded its time limit.
        case timedOut
        /// The run no longer needed it.
        case cancelled
    }

    /// How many bytes of a command's output were taken, and whether there may be more.
    typealias Taken = (byteCount: Int, isOpen: Bool)

    private let slot: Int
    private let timeoutNanoseconds: UInt64?
    /// The descriptor that the command writes to; nil for a pipe, from which its output is taken.
    private let output: Int32?
    /// Files that it reads besides its standard input.
    private let files: [Int32]
    /// The number of cores that all commands share; 0 under another job server, which the command finds by itself.
    private let coreCount: Int
    private var jobs: CommandJobs?
    private var input: ChunkInput
    private var process: pid_t = 0
    /// -1 for closed ends.
    private var pipes = Pipes()
    private var processDescriptor: Int32 = -1
    private var early: End?
    /// How long not to look at its pipes.
    private var napMilliseconds: Int32 = 0
    /// Whether nothing reads what the run writes to standard output.
    private var isUnread = false
    /// When to kill a command that was asked to end.
    private var killTime: UInt64?

    private struct Pipes {
        var input: Int32 = -1
        var output: Int32 = -1
        var error: Int32 = -1
    }

    /// How long a command that was asked to end may take.
    private static let graceNanoseconds: UInt64 = 1_000_000_000
    /// How often to check whether a process without a descriptor has ended.
    private static let tickWithoutDescriptor: Int32 = 5

    /// - Parameter slot: the command's place in the table of commands.
    init(
        _ input: ChunkInput, to output: Int32?, files: [Int32], slot: Int, coreCount: Int, timeoutNanoseconds: UInt64?
    ) {
        (self.input, self.output, self.files) = (input, output, files)
        self.coreCount = coreCount
        (self.slot, self.timeoutNanoseconds) = (slot, timeoutNanoseconds)
    }

    /// Runs the command; passes what it writes to `take`, piece by piece.
    ///
    /// Blocks. Throws if the command cannot be started or the chunk cannot be read, and what `take` throws; nothing of
    /// its process group is left then.
    mutating func run(
        _ template: CommandTemplate, for chunk: CommandTemplate.Chunk, wideBytes: Int,
        _ take: (SpillFiles.Stream, Int32) throws(PoolmapError) -> Taken
    ) throws(PoolmapError) -> End {
        guard poolmap_is_command_cancelled(UInt32(slot)) == 0 else { return .cancelled }
        let start = monotonicNanoseconds()
        try begin(template, chunk, wideBytes)
        do throws(PoolmapError) {
            try attend(until: timeoutNanoseconds.map { start + $0 }, take)
        } catch {
            killGroup(SIGKILL)
            _ = reap()
            close()
            throw error
        }
        if early != nil {
            // Processes that it started may not have received the signal.
            killGroup(SIGKILL)
        }
        let status = reap()
        close()
        if early == nil { try input.finish() }
        return early ?? .ended(status: status)
    }

    // MARK: Begin and end

    private mutating func begin(
        _ template: CommandTemplate, _ chunk: CommandTemplate.Chunk, _ wideBytes: Int
    ) throws(PoolmapError) {
        var theirs = Pipes()
        defer { [theirs.input, theirs.output, theirs.error].filter { $0 >= 0 }.forEach { _ = Glibc.close($0) } }
        do throws(PoolmapError) {
            (theirs.input, pipes.input) = try CommandRun.pipe()
            if output == nil {
                (pipes.output, theirs.output) = try CommandRun.pipe()
            }
            (pipes.error, theirs.error) = try CommandRun.pipe()
            if wideBytes > CommandRun.commonPipeBytes {
                poolmap_widen_pipe(pipes.input)
                poolmap_widen_pipe(pipes.output)
            }
            for own in [pipes.input, pipes.output, pipes.error] where own >= 0 {
                guard fcntl(own, F_SETFL, O_NONBLOCK) == 0 else {
                    throw .system("cannot make a pipe", Errno(rawValue: errno))
                }
            }
            jobs = coreCount > 0 ? try CommandJobs(place: slot, coreCount: coreCount) : nil
            process = try template.withPointers(for: chunk, files, jobs?.variables ?? []) {
                (path, arguments, environment) throws(PoolmapError) in
                let process = (files + (jobs?.descriptors ?? [])).withUnsafeBufferPointer { kept in
                    var command = poolmap_command(
                        path: path, arguments: arguments, environment: environment, input: theirs.input,
                        output: output ?? theirs.output, error: theirs.error, kept: kept.baseAddress,
                        kept_count: Int32(kept.count))
                    return poolmap_start_command(UInt32(slot), &command)
                }
                guard process > 0 else {
                    throw .system("cannot run \(template.name)", Errno(rawValue: errno))
                }
                return process
            }
            processDescriptor = poolmap_open_process(process)
        } catch {
            close()
            throw error
        }
    }

    private static let commonPipeBytes = 64 << 10

    private static func pipe() throws(PoolmapError) -> (reading: Int32, writing: Int32) {
        let pipe = try ClosedOnExecPipe()
        return (pipe.reading.rawValue, pipe.writing.rawValue)
    }

    private mutating func close() {
        for descriptor in [pipes.input, pipes.output, pipes.error, processDescriptor] where descriptor >= 0 {
            _ = Glibc.close(descriptor)
        }
        pipes = Pipes()
        processDescriptor = -1
        jobs = nil
    }

    private func killGroup(_ number: Int32) {
        kill(-process, number)
        kill(-process, SIGCONT)
    }

    private func reap() -> Int32 {
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
        poolmap_command_has_ended(UInt32(slot))
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        return status
    }

    // MARK: While it runs

    /// Feeds the command and takes what it writes, until its process has ended.
    private mutating func attend(
        until deadline: UInt64?, _ take: (SpillFiles.Stream, Int32) throws(PoolmapError) -> Taken
    ) throws(PoolmapError) {
        var hasEnded = false
        while !hasEnded {
            hasEnded = wait(until: killTime ?? deadline)
            if isUnread { throw .outputClosed }
            let before = input.writtenBytes
            // After the process has ended, this takes the last of its output.
            let taken = try takeOutput(&pipes.output, .output, take) + takeOutput(&pipes.error, .error, take)
            if pipes.input >= 0, try !input.write(to: pipes.input) {
                _ = Glibc.close(pipes.input)
                pipes.input = -1
            }
            pace(movedBytes: taken + input.writtenBytes - before)
            jobs?.attend()
            endIfDue(deadline)
        }
    }

    /// Waits until there is something to do; returns true once the process has ended.
    private mutating func wait(until time: UInt64?) -> Bool {
        let isNapping = napMilliseconds > 0
        var entries = [
            pollfd(fd: processDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isNapping ? -1 : pipes.input, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: isNapping ? -1 : pipes.output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: isNapping ? -1 : pipes.error, events: Int16(POLLIN), revents: 0),
            // An error is reported without being requested.
            pollfd(fd: poolmap_noted_output(), events: 0, revents: 0),
        ]
        let tick = processDescriptor < 0 ? CommandRun.tickWithoutDescriptor : CommandJobs.tickMilliseconds
        let most = isNapping ? min(napMilliseconds, tick) : tick
        poll(&entries, nfds_t(entries.count), milliseconds(until: time, atMost: most))
        isUnread = entries[4].revents & Int16(POLLERR) != 0
        return processDescriptor < 0 ? isGone : entries[0].revents != 0
    }

    /// Avoids waking this process for every small read or write of the command.
    ///
    /// If little was moved, the command is left to fill or empty its pipes for some milliseconds; if they were half
    /// full, for fewer.
    private mutating func pace(movedBytes: Int) {
        if movedBytes < CommandRun.littleBytes {
            napMilliseconds = min(max(1, 2 * napMilliseconds), CommandRun.mostNapMilliseconds)
        } else if movedBytes > CommandRun.muchBytes {
            napMilliseconds /= 2
        }
    }

    private static let littleBytes = 64 << 10
    private static let muchBytes = 512 << 10
    private static let mostNapMilliseconds: Int32 = 8

    private func takeOutput(
        _ pipe: inout Int32, _ stream: SpillFiles.Stream,
        _ take: (SpillFiles.Stream, Int32) throws(PoolmapError) -> Taken
    ) throws(PoolmapError) -> Int {
        guard pipe >= 0 else { return 0 }
        let taken = try take(stream, pipe)
        if !taken.isOpen {
            _ = Glibc.close(pipe)
            pipe = -1
        }
        return taken.byteCount
    }

    /// Whether the process has ended, for kernels without process descriptors.
    private var isGone: Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG) == 0
            && information.si_signo == SIGCHLD
    }

    private func milliseconds(until time: UInt64?, atMost most: Int32) -> Int32 {
        guard let time else { return most }
        let now = monotonicNanoseconds()
        return time <= now ? 0 : Int32(min(UInt64(most), (time - now) / 1_000_000 + 1))
    }

    private mutating func endIfDue(_ deadline: UInt64?) {
        let now = monotonicNanoseconds()
        if let killTime {
            if now >= killTime {
                killGroup(SIGKILL)
                self.killTime = now + CommandRun.graceNanoseconds
            }
        } else if poolmap_is_command_cancelled(UInt32(slot)) != 0 {
            askToEnd(.cancelled, now)
        } else if let deadline, now >= deadline {
            askToEnd(.timedOut, now)
        }
    }

    private mutating func askToEnd(_ end: End, _ now: UInt64) {
        early = end
        killTime = now + CommandRun.graceNanoseconds
        killGroup(SIGTERM)
    }
}
