import CPoolmap
import Glibc
import SystemPackage

/// An input of a command.
public enum Input: Sendable {
    /// A file by its path.
    case file(String)
    /// Standard input.
    case standardInput

    /// For messages.
    public var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    func open() throws(PoolmapError) -> InputFile {
        switch self {
        case .file(let path): try InputFile.open(path: path)
        case .standardInput: try InputFile.standardInput()
        }
    }
}

/// The output of a command.
public enum Target: Sendable {
    /// A file by its path, which appears once it is whole.
    case file(String)
    /// Standard output, written as it comes.
    case standardOutput
}

/// A run of a command over its inputs: all in one workforce, each reported in its turn.
///
/// This is how a chunk goes: `Batch` plans a job for each input → `Pipeline` asks the job for pieces and hands them to
/// the `Workforce` → a `Worker`, in its own process, compresses or decompresses → `Pipeline` gives the result back to
/// the job, in order → the job writes its `Output`.
public struct Batch {
    /// The number of worker processes; 1 does everything in this one.
    public var jobs: Int
    /// Whether an existing target is replaced.
    public var force: Bool
    /// How far the run has come.
    public let meter = Meter()
    /// How often `onTick` is called while the run waits, beside each time that something is done; nil for never.
    public var tick: Duration?
    /// Called as the run goes on.
    public var onTick: () -> Void = {}

    /// A run with so many jobs.
    public init(jobs: Int, force: Bool = false) {
        self.jobs = jobs
        self.force = force
    }

    /// What `report` is called with: the input, and what became of it.
    public typealias Report = (Input, Result<JobSummary, PoolmapError>) -> Void

    /// Compresses each input to its target.
    public func compress(
        _ items: some Sequence<(input: Input, target: Target)>, _ options: CompressionOptions,
        report: @escaping Report
    ) throws(PoolmapError) {
        let workforce = try Workforce(jobs: jobs, layout: SlotLayout(compressing: options), options: options)
        let plans = items.lazy.map { item in
            plan(item.input, report) { () throws(PoolmapError) in
                let input = try item.input.open()
                return CompressJob(input, to: try open(item.target, for: input), options, meter)
            }
        }
        run(workforce, plans)
    }

    /// Decompresses each input to its target.
    ///
    /// - Parameter maximumWindowLog: the largest window that a streamed frame may need, as a power of two; nil for
    ///   libzstd's 27.
    public func decompress(
        _ items: some Sequence<(input: Input, target: Target)>, maximumWindowLog: Int? = nil,
        report: @escaping Report
    ) throws(PoolmapError) {
        let layout = SlotLayout(decompressing: SlotLayout.commonContentBytes)
        let workforce = try Workforce(jobs: jobs, layout: layout, maximumWindowLog: maximumWindowLog)
        let plans = items.lazy.map { item in
            plan(item.input, report) { () throws(PoolmapError) in
                let input = try item.input.open()
                return try DecompressJob(input, to: try open(item.target, for: input), meter)
            }
        }
        run(workforce, plans)
    }

    /// Decompresses each input to nowhere, with all checks.
    public func test(
        _ inputs: some Sequence<Input>, maximumWindowLog: Int? = nil, report: @escaping Report
    ) throws(PoolmapError) {
        let layout = SlotLayout(decompressing: SlotLayout.commonContentBytes)
        let workforce = try Workforce(jobs: jobs, layout: layout, maximumWindowLog: maximumWindowLog)
        let plans = inputs.lazy.map { input in
            plan(input, report) { () throws(PoolmapError) in
                try DecompressJob(try input.open(), to: .nowhere, meter)
            }
        }
        run(workforce, plans)
    }

    /// Writes a range of the content of a compressed file to standard output.
    public func cat(
        _ path: String, _ range: Range<UInt64>, maximumWindowLog: Int? = nil, report: @escaping Report
    ) throws(PoolmapError) {
        let layout = SlotLayout(decompressing: SlotLayout.commonContentBytes)
        let workforce = try Workforce(jobs: jobs, layout: layout, maximumWindowLog: maximumWindowLog)
        let plan = plan(.file(path), report) { () throws(PoolmapError) in
            try CatJob(try InputFile.open(path: path), range, to: .standardOutput, meter)
        }
        run(workforce, [plan])
    }

    /// Hashes each input; `take` gets the digests in the order of the inputs.
    public func hash(
        _ inputs: some Sequence<Input>, _ algorithm: HashAlgorithm,
        take: @escaping (Input, String) throws(PoolmapError) -> Void, report: @escaping Report
    ) throws(PoolmapError) {
        let workforce = try Workforce(jobs: jobs, layout: nil)
        let plans = inputs.lazy.map { input in
            plan(input, report) { () throws(PoolmapError) in
                HashJob(input, algorithm, meter) { (digest) throws(PoolmapError) in try take(input, digest) }
            }
        }
        run(workforce, plans)
    }

    private func plan(
        _ input: Input, _ report: @escaping Report, _ open: @escaping () throws(PoolmapError) -> any Job
    ) -> PlannedJob {
        PlannedJob(open: open) { result in report(input, result) }
    }

    private func open(_ target: Target, for input: InputFile) throws(PoolmapError) -> Output {
        switch target {
        case .file(let path):
            return .file(try OutputFile(path: path, force: force, for: input))
        case .standardOutput:
            poolmap_widen_pipe(STDOUT_FILENO)
            return .stream(.standardOutput)
        }
    }

    private func run(_ workforce: Workforce, _ plans: some Sequence<PlannedJob>) {
        Pipeline(workforce, plans.makeIterator(), tick: tick, onTick: onTick).run()
    }
}

/// Writes all bytes to standard output.
///
/// Blocks.
public func writeStandardOutput(_ bytes: [UInt8]) throws(PoolmapError) {
    try bytes.withBytes { (bytes) throws(PoolmapError) in
        try FileDescriptor.standardOutput.writeAll(bytes, to: "standard output")
    }
}

/// Removes a file.
///
/// The C function is `unlink`.
public func removeFile(_ path: String) throws(PoolmapError) {
    try attempt("could not be removed") { () throws(Errno) in
        _ = try retryingInterrupted { unlink(path.cName) }
    }
}
