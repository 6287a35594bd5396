import Digests
import Files
import Ground
import JobServer
import Run
import SystemPackage

/// What a run does with each of its inputs.
///
/// Workers inherit it at the fork.
package struct RunSettings {
    enum Command {
        case compress(CompressionOptions)
        case decompress
        /// Decompress without writing.
        case test
        /// Decompress what is undamaged.
        case salvage(omitsLost: Bool)
        /// Write a range to standard output.
        case cat
        /// Compute these digests; if there are none, those that each input's list names.
        case hash([HashAlgorithm])
        /// Hash chunks of this size separately; nil for the size that each input's manifest gives.
        case hashChunks(UInt64?)
        /// Run a command over each chunk.
        case map(MapRun)
        /// Join the parts of a job.
        case join
    }

    let operation: Command
    /// The contexts for compression and decompression, shared by everything in a process.
    let contexts = Contexts()
    var policy = OutputPolicy()
    /// The files that workers open by name; nil for workers that run commands, which are not sandboxed.
    var reach: NameReach? = .nothing
    /// The largest window that a streamed frame may need, as a power of two; nil for libzstd's 27.
    var maximumWindowLog: Int?
    /// Whether an input that is not a Zstandard file is copied unchanged.
    var passesThrough = false
    /// How much memory frames may take, which also limits the window size; nil for any amount.
    var memory: MemoryLimit?
    /// Limits the output of each input.
    var limit = OutputLimit()
    /// The dictionary for decompression; nil for none.
    var dictionary: ZstdDictionary?
    /// The part of each input to decompress or check; nil for all of it.
    var part: Part?
    /// The part of inputs that are in every share; nil if there are none.
    var splitPart: Part?
    /// What is done with names that are handed out in bundles; nil if none are.
    var bundles: (any BundleOperation)?

    /// Everything that workers of a run can do; the order is the same in each process.
    var operations: [any Operation] {
        let files = FileRunner(self)
        return [
            Compression(compression, contexts), BorderSearch(compression.borders), Verification(),
            FrameDecompression(decompression, contexts), Digestion(), BorderFinder(mapping),
            ChunkCommand(mapping), PartCopy(), WholeFiles(files), NameWork(bundles, files),
        ]
    }

    /// What the operations of a map need; nil for other commands.
    private var mapping: MapTools? {
        map.map { mapTools(of: $0) }
    }

    private func mapTools(of run: MapRun) -> MapTools {
        MapTools(run.settings, contexts, windowLimit, dictionary)
    }

    /// Decompresses an input in this process, from beginning to end.
    private func decompress(_ compressed: InputFile, to content: FileDescriptor) throws(PoolmapError) {
        let job = try DecompressJob(compressed, to: .stream(content), ContentLimit(limit, compressed), Meter())
        _ = try job.performAlone(Workforce(jobs: 1, self))
    }

    private var map: MapRun? {
        if case .map(let run) = operation { return run }
        return nil
    }

    var windowLimit: WindowLimit {
        WindowLimit(bytes: memory?.bytes ?? 1 << UInt64(maximumWindowLog ?? 27), isForAll: memory != nil)
    }

    private var decompression: FrameDecompression.Settings {
        FrameDecompression.Settings(
            limit: windowLimit,
            dictionary: dictionary, mostStreamedWindow: memory?.windowBytesOfWorker, leavesHoles: policy.leavesHoles,
            tellsContentChecksums: part != nil || splitPart != nil)
    }

    /// The division of slots.
    var layout: SlotLayout {
        switch operation {
        case .compress(let options): SlotLayout(compressing: options)
        case .decompress, .test, .salvage, .cat:
            SlotLayout(decompressing: memory?.contentBytes ?? SlotLayout.commonContentBytes)
        case .hash(let algorithms): SlotLayout(hashing: algorithms)
        case .hashChunks(let chunkBytes): SlotLayout(hashingChunksOf: chunkBytes)
        case .map(let run): SlotLayout(mapping: run.settings)
        case .join: SlotLayout(inputBytes: 0, outputBytes: 0)
        }
    }

    var compression: CompressionOptions {
        if case .compress(let options) = operation { return options }
        return CompressionOptions()
    }

    /// An input of at most this size is processed whole by one worker, which takes no slot and leaves the front nothing
    /// to write: it is one chunk, or a compressed file too small to be worth sharing out.
    var wholeFileBytes: UInt64 {
        switch operation {
        case .compress(let options): options.part == nil ? UInt64(options.chunkBytes) : 0
        // Under a memory limit the worker would need slots and a window in addition to its own.
        case .decompress, .test: memory == nil && part == nil ? 1 << 20 : 0
        case .hash, .hashChunks: 1 << 20
        case .salvage, .cat, .map, .join: 0
        }
    }

    /// The job for an input: one that has a worker process the file whole, if there are workers and it is small, or one
    /// that has the input open here.
    ///
    /// - Parameters:
    ///   - isOnlyInput: whether there is no other work at the same time.
    ///   - file: what is known about the input if it was found by name.
    ///   - folders: a cache in which its folder may be open already.
    func job(
        _ input: Input, _ target: Target, _ file: FoundFile?, by hands: PlannedJob.Hands, jobs: Int, _ meter: Meter,
        isOnlyInput: Bool, _ folders: FolderCache
    ) throws(PoolmapError) -> any Job {
        if jobs > 1, hands == .anyone, let whole = wholeFile(file, target, meter) { return whole }
        return try job(input, target, meter, isOnlyInput: isOnlyInput, file, folders)
    }

    /// The job that hands a file to one worker; nil if it is not known to be small, or goes to standard output.
    func wholeFile(_ file: FoundFile?, _ target: Target, _ meter: Meter) -> (any Job)? {
        guard let file, let work = fileWork(file, target) else { return nil }
        return WholeFileJob(work, to: target, in: file.targetRoot, meter)
    }

    /// The worker's task for a file, without the place of its target; nil if the file is not known to be small, or goes
    /// to standard output.
    ///
    /// - Parameter isFound: whether it was a regular file just now, of any size; whoever opens it checks the size.
    func fileWork(_ file: FoundFile, _ target: Target, isFound: Bool = false) -> FileWork? {
        if case .standardOutput = target { return nil }
        guard wholeFileBytes > 0, !file.isDescriptor, !file.isSplit else { return nil }
        let status = isFound ? file.status : file.status ?? FileStatus(ofPath: file.path)
        guard isFound || status != nil, status?.isRegular ?? true, (status?.byteCount ?? 0) <= wholeFileBytes else {
            return nil
        }
        var work = FileWork(input: file.place, byteCount: status?.byteCount ?? 0)
        work.identity = file.identity
        if case .hash(let algorithms) = operation {
            work.algorithms = algorithms
        }
        return work
    }

    /// Opens an input and its target.
    ///
    /// - Parameters:
    ///   - isOnlyInput: whether there is no other work at the same time.
    ///   - file: what is known about the input if it was found by name.
    ///   - folders: a cache in which its folder may be open already.
    func job(
        _ input: Input, _ target: Target, _ meter: Meter, isOnlyInput: Bool, _ file: FoundFile? = nil,
        _ folders: FolderCache = FolderCache()
    ) throws(PoolmapError) -> any Job {
        if case .hash(let algorithms) = operation {
            let input = try input.open(in: file?.root, folders)
            try file?.identity?.require(input.status)
            return try HashJob(input, algorithms, meter, isOnlyInput: isOnlyInput)
        }
        if case .salvage(let omitsLost) = operation {
            let input = try SalvageJob.open(input, in: file?.root, folders)
            let output = try output(target, in: file?.targetRoot, folders, for: input)
            return try SalvageJob(
                input, to: output, omitsLost: omitsLost, ContentLimit(limit, input), meter)
        }
        if case .map(let run) = operation {
            let opened: InputFile
            if run.isResumed, case .file(let path) = input {
                opened = try openResumable(path)
            } else {
                opened = try input.open(in: file?.root, folders)
            }
            let content = MapContent(
                opened, run.settings, mapTools(of: run), ContentLimit(limit, opened), decompress: decompress)
            return try MapJob(input, opened, content, run, meter)
        }
        let input = try input.open(in: file?.root, folders)
        let part = file?.isSplit == true ? splitPart : self.part
        if case .file(let path) = target,
            let done = try done(path, in: file?.targetRoot, folders, of: input, part, isSplit: file?.isSplit ?? false)
        {
            return NothingToDo(done)
        }
        return try job(input, try output(target, in: file?.targetRoot, folders, for: input), meter, part)
    }

    /// The summary of an input whose target is already done; nil if the target must be made.
    private func done(
        _ path: String, in root: Root?, _ folders: FolderCache, of input: InputFile, _ part: Part?, isSplit: Bool
    ) throws(PoolmapError) -> JobSummary? {
        guard let part else { return try doneWhole(path, in: root, folders, of: input) }
        if isSplit {
            let whole = String(path.dropLast(part.suffix.count))
            if let done = try doneWhole(whole, in: root, folders, of: input, mustBeFree: true) { return done }
        }
        guard !policy.replaces, try isThere(path, input, part) else { return nil }
        return JobSummary(inputBytes: input.byteCount, isUnchanged: true)
    }

    /// - Parameter mustBeFree: whether any other file in the target's place is an error.
    private func doneWhole(
        _ path: String, in root: Root?, _ folders: FolderCache, of input: InputFile, mustBeFree: Bool = false
    ) throws(PoolmapError) -> JobSummary? {
        guard policy.leavesDone || mustBeFree,
            let existing = TargetLook(
                at: path, in: try OutputFile.folder(of: Place(path: path, root: root), folders))
        else { return nil }
        if existing.isDone(policy, for: input.status) { return JobSummary(inputBytes: input.byteCount, existing) }
        if mustBeFree { try existing.check(path, policy, for: input.status) }
        return nil
    }

    /// Whether a file already is this part of the input.
    private func isThere(_ path: String, _ input: InputFile, _ part: Part) throws(PoolmapError) -> Bool {
        // Check that the file exists first: `PartTable` reads both ends of the input.
        guard FileStatus(ofPath: path) != nil else { return false }
        if case .compress(var options) = operation {
            options.part = part
            return try PartTable(input, options)?.isThere(path) == true
        }
        return PartTable(try PartJob(input, .decompress), part).isThere(path)
    }

    /// The job for an open input.
    ///
    /// - Parameter part: the part to process; nil for all of it.
    func job(
        _ input: InputFile, _ output: Output, _ meter: Meter, _ part: Part? = nil
    ) throws(PoolmapError) -> any Job {
        if case .compress(var options) = operation {
            options.part = part
            return try CompressJob(input, to: output, options, meter)
        }
        if passesThrough, part == nil {
            return PassThroughJob(input, to: output, ContentLimit(limit, input), meter)
        }
        return try DecompressJob(input, to: output, ContentLimit(limit, input), meter, part)
    }

    private func output(
        _ target: Target, in root: Root?, _ folders: FolderCache, for input: InputFile
    ) throws(PoolmapError) -> Output {
        // Forget open folders: the front may come to the next file much later.
        folders.forget()
        return switch target {
        case .file(let path): .file(try OutputFile(Place(path: path, root: root), in: folders, policy, for: input))
        case .standardOutput: .standardOutput(policy)
        case .nowhere: .nowhere
        }
    }
}

extension JobSummary {
    /// The summary of an input whose target was there.
    init(inputBytes: UInt64, _ existing: TargetLook) {
        self.init(inputBytes: inputBytes, outputBytes: existing.status?.byteCount ?? 0, isUnchanged: true)
    }
}

extension Workforce {
    /// - Parameter onConfinement: called once, when workers have started.
    convenience init(
        jobs: Int, _ settings: RunSettings, _ server: JobServer? = nil,
        onConfinement: @escaping (Confinement) -> Void = { _ in }
    ) {
        self.init(
            jobs: jobs, settings.operations, settings.layout, settings.reach, server, onConfinement: onConfinement)
    }
}

/// The division of slots for each kind of work.
extension SlotLayout {
    /// The slots of a compression with these options.
    init(compressing options: CompressionOptions) {
        // Small chunks share a task: as many as are read at once from a pipe, and more of a file.
        self.init(
            inputBytes: max(1, Compression.mostPipeBytes / options.chunkBytes) * options.chunkBytes,
            outputBytes: max(1, Compression.mostTaskBytes / options.chunkBytes)
                * Compressor.bound(of: options.chunkBytes))
    }

    /// The slots of a decompression: a frame with more content than `contentBytes` does not fit and is streamed.
    ///
    /// Memory is allocated as it is touched, so only large frames make large slots.
    init(decompressing contentBytes: Int) {
        self.init(inputBytes: Compressor.bound(of: contentBytes), outputBytes: contentBytes)
    }

    /// The slots for hashing pipes: a piece that does not fit is hashed in order.
    init(hashing algorithms: [HashAlgorithm]) {
        self.init(pieceBytes: PieceSize.bytes(algorithms, wanted: PieceSize.ofPipe) ?? 0)
    }

    /// The slots for hashing the chunks of pipes separately; nil for chunks of any size.
    init(hashingChunksOf chunkBytes: UInt64?) {
        self.init(pieceBytes: chunkBytes.map { PieceSize.ofChunks($0, isRegular: false) } ?? PieceSize.mostOfPipe)
    }

    private init(pieceBytes: UInt64) {
        self.init(inputBytes: pieceBytes <= PieceSize.mostOfPipe ? Int(pieceBytes) : 0, outputBytes: 0)
    }

    /// Frames of other programs are decompressed in parallel up to this size.
    static let commonContentBytes = 64 << 20
}
