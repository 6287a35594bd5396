import Glibc
import SystemPackage

/// The program of a worker, with the pool's types erased: the pool manager knows neither input nor output.
struct WorkerProgram {
    /// Makes the worker's state; its error fails the pool.
    let initialize: () throws -> Void
    /// Decodes the input, runs the function and appends the frame with the encoded output.
    ///
    /// Rethrows the errors of the function and the coders, and then has appended nothing.
    let run: (UnsafeRawBufferPointer, PoolFrame, FrameChannel) throws -> Void

    /// The program of a function with a state.
    init<State, Input: Codable, Output: Codable>(
        initialize: @escaping () throws -> State, _ function: @escaping (inout State, Input) throws -> Output
    ) {
        var state: State?
        let (inputs, outputs) = (MessageCoder<Input>.codable(), MessageCoder<Output>.codable())
        self.initialize = { state = try initialize() }
        run = { bytes, frame, channel in
            guard state != nil else { return }
            let input = try inputs.decode(bytes)
            // Unwrapped in place: a copy would make every mutation of the state copy its storage.
            // swift-format-ignore: NeverForceUnwrap
            let output = try function(&state!, input)
            var frame = frame
            frame.durationNanoseconds = monotonicNanoseconds() - frame.startedNanoseconds
            do {
                try channel.enqueue(frame, output, outputs)
            } catch {
                throw MultiprocessingError.encoding(a: Output.self, error)
            }
        }
    }
}

/// A caller's chunk size, if it is valid.
func checkedChunkSize(_ size: Int?) throws(MultiprocessingError) -> Int? {
    guard let size, size < 1 else { return size }
    throw MultiprocessingError(.invalidState, "chunkSize must be at least 1 (got \(size))")
}

/// A worker: runs the initializer, then one task after the other until the pool manager closes the channel.
final class PoolWorker {
    private let program: WorkerProgram
    private let settings: WorkerSettings
    private let channel: FrameChannel
    private let claims: TaskClaims
    private let outbox: Outbox
    private let pid = getpid()
    /// The sequence number of the next task; see `TaskClaims`.
    private var sequence = TaskClaims.firstSequence
    /// Monitors its memory until that has grown too much.
    private var growth: MemoryGrowth?
    /// Unsent lines for the front's logger.
    private let logLines = Guarded<[[UInt8]]>([])

    init(
        _ program: WorkerProgram, _ settings: WorkerSettings, _ channel: FrameChannel, _ claims: TaskClaims,
        _ outbox: Outbox
    ) {
        self.program = program
        self.settings = settings
        self.channel = channel
        self.claims = claims
        self.outbox = outbox
    }

    func serve(at position: Int) -> Never {
        if let level = Log.forwardedLevel {
            Log.forward(from: level) { [logLines] line in logLines.withLock { $0.append(Array(line)) } }
        }
        do {
            try settings.takeOn(at: position)
            try program.initialize()
        } catch {
            enqueueText(of: error, PoolFrame(.initializerFailed))
            try? channel.flush()
            Fork.leave(EXIT_FAILURE)
        }
        growth = settings.maxMemoryGrowthBytes.map { MemoryGrowth(atMost: $0) }
        enqueueLogLines()
        channel.enqueue(PoolFrame(.ready))
        do {
            try channel.flush()
            try work()
        } catch {
            // The pool manager is gone.
            Fork.leave(EXIT_FAILURE)
        }
        Fork.leave(EXIT_SUCCESS)
    }

    private func work() throws(Errno) {
        var now = monotonicNanoseconds()
        var unsentSince = now
        while true {
            // The pool manager sends several tasks at once only while they take a few microseconds, see
            // `PoolManager.tasksInFlight`; their results are sent together, unless they turn out to take longer.
            if !channel.hasFrame || now - unsentSince > outbox.patienceNanoseconds {
                try outbox.send(over: channel)
                unsentSince = now
            }
            if !channel.hasFrame {
                while !channel.hasFrame {
                    try channel.fill()
                    if channel.isAtEnd { return }
                }
                now = monotonicNanoseconds()
                unsentSince = now
            }
            guard channel.nextFrame?.kind == .task else {
                takeNotice()
                continue
            }
            let isBegun = claims.begin(sequence, at: now)
            channel.takeFrame { frame, input in
                if isBegun { run(frame, input, at: now) }
                enqueueLogLines()
            }
            if isBegun {
                try handOver()
                claims.finish(sequence)
                if growth?.isTooMuch == true { try askForEnd() }
                now = monotonicNanoseconds()
            }
            sequence &+= 1
        }
    }

    private func enqueueLogLines() {
        guard Log.forwardedLevel != nil else { return }
        let lines = logLines.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for line in lines {
            line.withUnsafeBytes { channel.enqueue(PoolFrame(.log), $0) }
        }
    }

    /// Asks the pool manager for no more tasks; it may still run those that it holds.
    private func askForEnd() throws(Errno) {
        growth = nil
        try outbox.send(over: channel)
        channel.enqueue(PoolFrame(.spent))
        try channel.flush()
    }

    /// Receives frames other than tasks, which have no claim.
    private func takeNotice() {
        channel.takeFrame { frame, _ in
            switch frame.kind {
            case .descriptor: HandedDescriptor.learn(frame.task, channel.takeDescriptor())
            default: HandedDescriptor.forget(frame.task)
            }
        }
    }

    /// Runs a task and puts the frame with its result into the channel's buffer.
    private func run(_ task: PoolFrame, _ input: UnsafeRawBufferPointer, at now: UInt64) {
        var answer = task
        answer.worker = pid
        answer.startedNanoseconds = now
        answer.kind = .result
        answer.descriptorCount = 0
        do {
            try program.run(task.split(input).input, answer, channel)
        } catch {
            answer.kind = .failure
            answer.durationNanoseconds = monotonicNanoseconds() - now
            // Text and bytes, which can always be encoded.
            try? channel.enqueue(answer, ThrownError(error), MessageCoder<ThrownError>.codable())
        }
    }

    /// Makes the result available to the pool manager: in the outbox, or over the channel if it is too large for that.
    private func handOver() throws(Errno) {
        if outbox.append(channel.unsent) {
            channel.dropUnsent()
            return
        }
        claims.stopClock()
        try outbox.send(over: channel)
        try channel.flush()
    }

    private func enqueueText(of error: any Error, _ frame: PoolFrame) {
        var frame = frame
        frame.worker = pid
        var text = String(describing: error)
        text.withUTF8 { channel.enqueue(frame, UnsafeRawBufferPointer($0)) }
    }
}
