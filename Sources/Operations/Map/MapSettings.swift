import Files
import Chunks
import Multiprocessing
import Run

/// What `poolmap map` does with each chunk.
package struct MapSettings: Sendable {
    /// What becomes of the run when a chunk has failed.
    package enum Halt: Sendable, Equatable {
        /// The commands that run are ended.
        case now
        /// They come to their end, and no other is begun.
        case soon
        /// All are done.
        case never
        /// As `now`, once so many have failed.
        case afterCount(Int)
        /// As `now`, once so many of a hundred have failed, three at least being done.
        case afterPercent(Int)
    }

    /// What becomes of the outputs.
    package enum Join: Sendable {
        /// They are put one behind the other.
        case concatenation
        /// Each is a file of its own, whose name this says.
        case files(String)
        /// The numbers in their columns are added up.
        case sum
        /// A command makes one of them.
        case command(CommandTemplate)
    }

    package var command: CommandTemplate
    package var cut: ChunkCut
    /// How long chunks are to be, in bytes.
    package var chunkBytes: Int
    /// How much longer than that a chunk may become for its last record.
    package var mostRecordBytes = MapSettings.usualRecordBytes
    /// So many lines at the beginning of an input each chunk has in front; and so many of each output but the first are
    /// left out.
    package var headerLineCount = 0
    package var outputHeaderLineCount = 0
    package var join = Join.concatenation
    package var retryCount = 0
    /// Exit codes beside 0 that are no failure.
    package var successCodes: Set<Int32> = []
    package var timeoutNanoseconds: UInt64?
    package var halt = Halt.now
    /// Whether the output of the others is published where chunks have failed.
    package var keepsGoing = false
    /// Whether outputs are put together as they come, and not in their order.
    package var isUnordered = false
    /// What commands may write before it goes to the disk, all together, in bytes; nil for what is usual.
    package var memoryBytes: UInt64?
    /// Whether the content of compressed inputs is mapped, and not their bytes.
    package var decompresses = true
    /// How outputs are compressed; nil where they are not.
    package var compression: CompressionOptions?
    /// So many jobs may run at a time, which this run serves to the programs that its commands start; 0 where another job
    /// server has a say in it.
    package var servedCoreCount = 0
    /// What must be the same for a run that goes on with what another has left: cut and command, as they were typed.
    package var resumedBy: [String] = []
    /// The part of the input that is mapped; nil for all of it.
    package private(set) var part: Part?
    /// What must be the same for all parts, as `name=value`.
    private(set) var partSettings: [String] = []
    let slotCount: Int

    /// - Parameter jobs: the number of worker processes.
    package init(_ command: CommandTemplate, _ cut: ChunkCut, chunkBytes: Int, jobs: Int) {
        self.command = command
        self.cut = cut
        self.chunkBytes = chunkBytes
        slotCount = Workforce.slotCount(jobs: jobs)
    }

    /// Maps a part of the input, which keeps the outputs as they are, whatever joins those of all parts.
    ///
    /// - Parameter settings: what must be the same for all parts, as `name=value`.
    package mutating func take(_ part: Part, _ settings: [String]) {
        (self.part, partSettings) = (part, settings)
        if case .concatenation = join {} else { outputHeaderLineCount = 0 }
        join = .concatenation
        resumedBy += ["part \(part.number)/\(part.count)"] + settings
    }

    /// How long a chunk of any input may be.
    var mostChunkBytes: Int {
        max(chunkBytes + mostRecordBytes, Int(cut.stepBytes(chunkBytes) ?? 0))
    }

    /// How many lines of a chunk's output are left out of all but the first.
    var sharedHeaderLineCount: Int {
        switch join {
        case .concatenation, .sum: outputHeaderLineCount
        case .files, .command: 0
        }
    }

    /// Whether the chunks of a task may be several: not where one that fails is to be known, and the others of its task not to
    /// begin; nor where each has a file of its own.
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

    /// For messages.
    func name(of done: CommandOutcome) -> String {
        done.isReduction ? "the command of --reduce" : command.name
    }

    func isSuccess(_ end: CommandRun.End) -> Bool {
        guard case .ended(let status) = end, status & 0x7f == 0 else { return false }
        return status == 0 || successCodes.contains(status >> 8 & 0xff)
    }

    package static let usualRecordBytes = 64 << 20
    package static let usualChunkBytes = 8 << 20
    /// Of what a command writes to its standard error.
    static let errorRoomBytes = 64 << 10

    /// What one command may write that has its place in memory.
    var roomBytes: Int {
        guard let memoryBytes else { return max(16 << 20, 2 * chunkBytes) }
        return Int(clamping: max(memoryBytes / UInt64(slotCount), 64 << 10)) / 4096 * 4096
    }
}

/// What the operations of a map have in each process.
struct MapTools {
    let settings: MapSettings
    private let contexts: Contexts
    private let limit: WindowLimit
    private let dictionary: ZstdDictionary?

    init(_ settings: MapSettings, _ contexts: Contexts, _ limit: WindowLimit, _ dictionary: ZstdDictionary?) {
        (self.settings, self.contexts, self.limit, self.dictionary) = (settings, contexts, limit, dictionary)
    }

    /// In a worker: what compresses outputs; nil where these are left as they are, or what comes of all together is small.
    var outputFrames: OutputFrames? {
        if case .sum = settings.join { return nil }
        return settings.compression.map {
            OutputFrames($0, contexts, headerLineCount: settings.sharedHeaderLineCount)
        }
    }

    /// In a worker: the way to what is mapped.
    ///
    /// - Parameter verifies: whether what is read counts by itself, also where the run has failed otherwise.
    func reader(
        of file: MappedFile, _ files: [SharedDescriptor], verifies: Bool = false
    ) -> MappedFileReader {
        MappedFileReader(
            file.file.descriptor(files), file, index: file.index?.descriptor(files), contexts, limit, dictionary,
            verifies: verifies && settings.keepsGoing)
    }
}

extension SlotLayout {
    /// The slots of a map: a chunk of a pipe, and what comes of any chunk.
    init(mapping settings: MapSettings) {
        self.init(
            inputBytes: settings.mostChunkBytes + RecordKind.mostLineBytes + 1,
            outputBytes: settings.roomBytes + MapSettings.errorRoomBytes)
    }
}
