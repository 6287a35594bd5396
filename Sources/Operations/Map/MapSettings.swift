import Files
import Chunks
import Multiprocessing
import Run

/// What `poolmap map` does with each chunk.
package struct MapSettings: Sendable {
    /// What happens to the run when a chunk has failed.
    package enum Halt: Sendable, Equatable {
        /// Commands in progress are ended.
        case now
        /// Commands in progress finish, and no other is started.
        case soon
        /// All chunks are done.
        case never
        /// Like `now`, once this many have failed.
        case afterCount(Int)
        /// Like `now`, once this percentage has failed, with at least three done.
        case afterPercent(Int)
    }

    /// What happens to the outputs.
    package enum Join: Sendable {
        /// They are concatenated.
        case concatenation
        /// Each is a file of its own; the string is the template of its name.
        case files(String)
        /// The numbers in their columns are added up.
        case sum
        /// A command reduces them to one.
        case command(CommandTemplate)
    }

    package var command: CommandTemplate
    package var cut: ChunkCut
    /// The size of chunks in bytes.
    package var chunkBytes: Int
    /// How far a chunk may exceed that size for its last record.
    package var mostRecordBytes = MapSettings.usualRecordBytes
    /// How many lines at the beginning of an input precede each chunk; and how many lines of each output but the first
    /// are omitted.
    package var headerLineCount = 0
    package var outputHeaderLineCount = 0
    package var join = Join.concatenation
    package var retryCount = 0
    /// Exit codes besides 0 that count as success.
    package var successCodes: Set<Int32> = []
    package var timeoutNanoseconds: UInt64?
    package var halt = Halt.now
    /// Whether the output of the other chunks is published if some have failed.
    package var keepsGoing = false
    /// Whether outputs are joined as they arrive, rather than in order.
    package var isUnordered = false
    /// How much output of all commands is kept in memory before it goes to disk, in bytes; nil for the default.
    package var memoryBytes: UInt64?
    /// Whether the content of compressed inputs is mapped, rather than their bytes.
    package var decompresses = true
    /// How outputs are compressed; nil if they are not.
    package var compression: CompressionOptions?
    /// How many jobs may run at a time, which this run offers as a job server to what its commands start; 0 under
    /// another job server.
    package var servedCoreCount = 0
    /// What a resuming run must have in common with the earlier one: cut and command, as typed.
    package var resumedBy: [String] = []
    /// The part of the input to map; nil for all of it.
    package private(set) var part: Part?
    /// What all parts must have in common, as `name=value`.
    private(set) var partSettings: [String] = []
    let slotCount: Int

    /// - Parameter jobs: the number of worker processes.
    package init(_ command: CommandTemplate, _ cut: ChunkCut, chunkBytes: Int, jobs: Int) {
        self.command = command
        self.cut = cut
        self.chunkBytes = chunkBytes
        slotCount = Workforce.slotCount(jobs: jobs)
    }

    /// Maps a part of the input, which keeps its outputs as they are, however the outputs of all parts will be joined.
    ///
    /// - Parameter settings: what all parts must have in common, as `name=value`.
    package mutating func take(_ part: Part, _ settings: [String]) {
        (self.part, partSettings) = (part, settings)
        if case .concatenation = join {} else { outputHeaderLineCount = 0 }
        join = .concatenation
        resumedBy += ["part \(part.number)/\(part.count)"] + settings
    }

    /// The longest chunk of any input.
    var mostChunkBytes: Int {
        max(chunkBytes + mostRecordBytes, Int(cut.stepBytes(chunkBytes) ?? 0))
    }

    /// How many lines of a chunk's output are omitted from all but the first.
    var sharedHeaderLineCount: Int {
        switch join {
        case .concatenation, .sum: outputHeaderLineCount
        case .files, .command: 0
        }
    }

    /// Whether a task may have several chunks: not if a failed chunk must keep the others of its task from starting,
    /// nor if each chunk has a file of its own.
    var sharesTasks: Bool {
        switch (join, halt) {
        case (.concatenation, .now), (.concatenation, .never), (.sum, .now), (.sum, .never): true
        default: false
        }
    }

    var reduction: CommandTemplate? {
        if case .command(let command) = join { return command }
        return nil
    }

    /// The command's name for messages.
    func name(of done: CommandOutcome) -> String {
        done.isReduction ? "the command of --reduce" : command.name
    }

    func isSuccess(_ end: CommandRun.End) -> Bool {
        guard case .ended(let status) = end, status & 0x7f == 0 else { return false }
        return status == 0 || successCodes.contains(status >> 8 & 0xff)
    }

    package static let usualRecordBytes = 64 << 20
    package static let usualChunkBytes = 8 << 20
    /// The room for what a command writes to its standard error.
    static let errorRoomBytes = 64 << 10

    /// How much output of one command is kept in memory.
    var roomBytes: Int {
        guard let memoryBytes else { return max(16 << 20, 2 * chunkBytes) }
        return Int(clamping: max(memoryBytes / UInt64(slotCount), 64 << 10)) / 4096 * 4096
    }
}

/// What the operations of a map share in each process.
struct MapTools {
    let settings: MapSettings
    private let contexts: Contexts
    private let limit: WindowLimit
    private let dictionary: ZstdDictionary?

    init(_ settings: MapSettings, _ contexts: Contexts, _ limit: WindowLimit, _ dictionary: ZstdDictionary?) {
        (self.settings, self.contexts, self.limit, self.dictionary) = (settings, contexts, limit, dictionary)
    }

    /// In a worker: what compresses outputs; nil if they are not compressed, or only a small sum is written.
    var outputFrames: OutputFrames? {
        if case .sum = settings.join { return nil }
        return settings.compression.map {
            OutputFrames($0, contexts, headerLineCount: settings.sharedHeaderLineCount)
        }
    }

    /// In a worker: a reader of what is mapped.
    ///
    /// - Parameter verifies: whether what was read counts even if the run fails otherwise.
    func reader(
        of file: MappedFile, _ files: [SharedDescriptor], verifies: Bool = false
    ) -> MappedFileReader {
        MappedFileReader(
            file.file.descriptor(files), file, index: file.index?.descriptor(files), contexts, limit, dictionary,
            verifies: verifies && settings.keepsGoing)
    }
}

extension SlotLayout {
    /// The slots of a map: room for a chunk of a pipe, and for the output of any chunk.
    init(mapping settings: MapSettings) {
        self.init(
            inputBytes: settings.mostChunkBytes + RecordKind.mostLineBytes + 1,
            outputBytes: settings.roomBytes + MapSettings.errorRoomBytes)
    }
}
