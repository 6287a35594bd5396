import Glibc

/// What the front asks of a worker: one chunk, one frame or one file.
enum Work: Codable {
    /// Do small files whole, each from opening it to giving its target its name.
    case files(FileWorks)
    /// Find and do the files of these names, or check them by these lines of a list.
    case names(NameBundle)
    /// Compress a chunk into the output area of a slot; the first of several is to bear a mark.
    case compress(source: Source, contentBytes: Int, mark: SectionMark?, slot: Int)
    /// Look for the matches of a stretch of a file, for `--rsyncable`; the source begins so much earlier as a match needs.
    case search(source: Source, at: Range<UInt64>)
    /// Verify a frame that an interrupted run has left.
    case verify(VerifyWork)
    /// Decompress a frame.
    case decompress(FrameWork)
    /// Hash a piece.
    case digest(DigestWork)

    /// About how much there is to do.
    var byteCount: UInt64 {
        switch self {
        case .files(let files): files.all.reduce(0) { $0 + $1.byteCount }
        case .names: 0
        case .compress(_, let contentBytes, _, _): UInt64(contentBytes)
        case .search(_, let range): range.upperBound - range.lowerBound
        case .verify(let frame): frame.contentBytes
        case .decompress(let frame): max(frame.contentBound, frame.compressedBytes)
        case .digest(let piece): piece.byteCount
        }
    }

    /// Where the bytes to work on are.
    enum Source: Codable {
        /// In the input area of the slot that travels with the task.
        case slot
        /// In a regular file, from this byte on; `hasHoles` says that it is worth while to ask where it has data.
        case file(FileReference, offset: UInt64, hasHoles: Bool = false)
        /// Nowhere: all of them are zeros, as in a hole.
        case zeros
    }
}

extension InputFile {
    /// Where a worker finds a part of a regular file; `offset` counts from where the input begins.
    func source(at offset: UInt64, _ byteCount: UInt64) -> Work.Source {
        let place = start + offset
        guard let extent = extent(at: place) else { return .file(reference, offset: place) }
        guard extent.end >= place + byteCount else { return .file(reference, offset: place, hasHoles: true) }
        return extent.isHole ? .zeros : .file(reference, offset: place)
    }
}

/// A file that one worker does alone.
struct FileWork {
    /// Where the input is.
    var input: Place
    /// Where the target is to be; nil where nothing is written.
    var target: Place?
    /// What it had when it was looked at.
    var byteCount: UInt64
    /// Where the worker notes what it has done, for the case that it is killed; nil where it writes nothing.
    var note: Int?
    /// By what it is hashed; empty where it is not.
    var algorithms: [HashAlgorithm] = []
    /// What it must still be when it is opened; nil where any file of that name will do.
    var identity: FileIdentity?
    /// The size of the chunks that are hashed by themselves, by one algorithm; nil where the whole is.
    var chunkBytes: UInt64?
}

/// A piece of an input, to be hashed.
struct DigestWork: Codable {
    var source: Work.Source
    /// Where the piece begins in the input.
    var offset: UInt64
    var byteCount: UInt64
    /// The slot that travels with the task, if the source is a slot.
    var slot: Int
    var algorithms: [HashAlgorithm]
    /// The size of all pieces but the last; nil where the input is one piece.
    var pieceBytes: UInt64?
    /// The size of the chunks of the piece, each hashed by itself; nil where the piece is to be joined with others.
    var chunkBytes: UInt64?
}

/// A frame to be decompressed, or a run of small ones.
struct FrameWork: Codable {
    var source: Work.Source
    /// Of a run with the skippable frames that are in it.
    var compressedBytes: UInt64
    /// Whether there may be several frames, one behind the other; then the sizes are of all together.
    var isRun = false
    /// Whether the frames of a run behind one that is damaged are wanted too.
    var goesOnAfterDamage = false
    /// What the content must have; nil where nobody said.
    var contentBytes: UInt64?
    /// What the content has at most.
    var contentBound: UInt64
    /// The slot that travels with the task.
    var slot: Int
    var destination: Destination

    /// Where the content goes.
    enum Destination: Codable {
        /// To the output area of the slot.
        case slot
        /// To its place in the target, by the worker itself.
        case file(FileReference, offset: UInt64)
        /// Nowhere: it is only checked.
        case nowhere

        var isSlot: Bool {
            if case .slot = self { return true }
            return false
        }
    }
}

/// A frame to be held against its journal, and against the chunk of the input that it was made of.
struct VerifyWork: Codable {
    var content: Work.Source
    var contentBytes: UInt64
    var partial: FileReference
    var frameOffset: UInt64
    var frame: KeptFrame

    /// How a frame and its chunk are found.
    enum Finding: Codable {
        case intact
        /// The frame has other bytes than were written, or cannot be read.
        case damaged
        /// The chunk is not the one that the frame was made of.
        case otherContent
    }
}

/// What a worker answers.
enum Done: Codable {
    case compressed(CompressedFrame)
    /// The matches, counted from the beginning of the input, and where the stretch ends.
    case searched([UInt64], upTo: UInt64)
    case verified(VerifyWork.Finding)
    /// `isInSlot` says that the content waits in the slot, and is not in its place in the target yet.
    case decompressed(DataFrame, isInSlot: Bool)
    case decompressedRun(FrameRunDone, isInSlot: Bool)
    /// For each algorithm what its joiner has to know of the piece.
    case digested([[UInt8]], byteCount: UInt64)
    /// In the order in which they were handed out.
    case files(FileResults)
    case names(BundleOutcome)
    /// It takes more memory than a worker may have.
    case leftToFront
    /// Something that the front did itself; what came of it is with the job.
    case local
    case failed(PoolmapError)
}

/// What a worker answers of a run of frames, by the column: one number after the other, and all in the frames' order.
struct FrameRunDone: Codable {
    /// A frame that could not be decompressed.
    struct Failure: Codable {
        let index: Int
        let error: PoolmapError
    }

    /// The sizes of the frames' content, which is there one behind the other; 0 of one that has failed.
    var contentBytes: [UInt32] = []
    /// The checksums of the compressed bytes.
    var checksums: [UInt32] = []
    /// Those that have failed; where nobody wants to go on it is one, the last.
    var failures: [Failure] = []

    /// The size of all content.
    var totalBytes: Int { contentBytes.reduce(0) { $0 + Int($1) } }
}

/// What a worker answers of one file of several.
struct FileDone {
    enum Outcome {
        case done(JobSummary)
        /// The file is not what it was taken for: a pipe by now, or large. The front is to do it, in pieces.
        case isForFront
        case failed(PoolmapError)
    }

    let outcome: Outcome
    /// On the monotonic clock.
    let startedNanoseconds: UInt64
    let durationNanoseconds: UInt64
}

/// A task's end, and who came to it.
struct TaskCompletion {
    let task: UInt64
    let result: Result<Done, PoolmapError>
    /// The process that did it; 0 where no one could.
    let worker: Int32
    /// How many processes began it: 1 unless some died.
    let attempts: Int
    /// On the monotonic clock.
    let startedNanoseconds: UInt64
    let durationNanoseconds: UInt64
}

extension TaskCompletion {
    /// Of what this process does itself, now.
    init<Failure: Error>(_ task: UInt64, _ body: () throws(Failure) -> Done) throws(Failure) {
        let start = monotonicNanoseconds()
        let done = try body()
        self.init(
            task: task, result: .success(done), worker: getpid(), attempts: 1, startedNanoseconds: start,
            durationNanoseconds: monotonicNanoseconds() - start)
    }
}

/// A piece of an input, for messages.
struct Piece {
    /// "chunk", "frame" or "file", as the user knows it.
    let noun: String
    /// Counted from 0.
    let index: Int
    let offset: UInt64
    let byteCount: UInt64
    /// How many frames there are; the index is that of the first.
    var count = 1

    /// A small file in one piece, in which the worker itself says the place.
    static func whole(_ byteCount: UInt64) -> Piece {
        Piece(noun: "file", index: 0, offset: 0, byteCount: byteCount)
    }

    var isWholeFile: Bool { noun == "file" }

    /// A stretch that is looked through for borders of chunks.
    static func search(_ index: Int, _ range: Range<UInt64>) -> Piece {
        Piece(
            noun: "search", index: index, offset: range.lowerBound,
            byteCount: range.upperBound - range.lowerBound)
    }

    /// Whether something comes of it for the output: all of these are the input.
    var isPart: Bool { noun != "search" }

    /// "chunk 3 (bytes 25165824 to 33554431)".
    var description: String {
        let name = count == 1 ? "\(noun) \(index)" : "\(noun)s \(index) to \(index + count - 1)"
        return byteCount == 0 ? name : "\(name) (bytes \(offset) to \(offset + byteCount - 1))"
    }
}

/// How a slot is divided: what a worker reads is not overwritten by what it writes, so that a task can be run again.
struct SlotLayout {
    let inputBytes: Int
    let outputBytes: Int

    /// The slots of a compression with these options.
    init(compressing options: CompressionOptions) {
        inputBytes = options.chunkBytes
        outputBytes = Compressor.bound(of: options.chunkBytes)
    }

    /// The slots of a decompression: a frame with more content than `contentBytes` does not fit and is streamed.
    ///
    /// Memory is taken as it is touched, so that only large frames make large slots.
    init(decompressing contentBytes: Int) {
        inputBytes = Compressor.bound(of: contentBytes)
        outputBytes = contentBytes
    }

    /// The slots of hashing pipes: a piece that does not fit is hashed in order.
    init(hashing algorithms: [HashAlgorithm]) {
        let wanted = PieceSize.bytes(algorithms, wanted: PieceSize.ofPipe) ?? 0
        inputBytes = wanted <= PieceSize.mostOfPipe ? Int(wanted) : 0
        outputBytes = 0
    }

    /// The slots of hashing the chunks of pipes each by itself; nil for chunks of any size.
    init(hashingChunksOf chunkBytes: UInt64?) {
        let wanted = chunkBytes.map { PieceSize.ofChunks($0, isRegular: false) } ?? PieceSize.mostOfPipe
        inputBytes = wanted <= PieceSize.mostOfPipe ? Int(wanted) : 0
        outputBytes = 0
    }

    /// Frames of other programs are decompressed in parallel up to this size.
    static let commonContentBytes = 64 << 20

    /// Whether both sides of a frame have room in a slot.
    func holds(compressedBytes: UInt64, contentBound: UInt64) -> Bool {
        contentBound <= UInt64(outputBytes) && compressedBytes <= UInt64(inputBytes)
    }
}
