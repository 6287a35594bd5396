import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// One kind of work on an input, in three steps.
///
/// The steps stand together in one file:
///
/// - *cut*: a `Job` says what the next task is, `Job.next`;
/// - *do*: a worker does it, `perform`;
/// - *join*: the job takes the results in order, `Job.accept`.
///
/// A task and its answer are flat bytes, whose layout only the operation knows: `Work` and `Done`. Each process has its
/// own instance of each operation, created before the fork, so that memory made in `prepare` is shared. All operations
/// are listed in `RunSettings.operations`, and nowhere else.
package protocol Operation: AnyObject {
    associatedtype Work: Message
    associatedtype Done: Message

    /// Does a task: in a worker process, or in the front where one process is enough.
    ///
    /// Both run the same code, so the output is the same.
    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done
    /// Whether a task needs more memory than a worker may use.
    func isForFront(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Bool
    /// Makes what workers forked from now on must share.
    func prepare() throws(PoolmapError)
    /// Splits a task into one for each of its pieces, for when one of them kills its workers.
    static func single(_ work: Work) -> [Work]
    /// What a report says about each piece of a task.
    static func results(of done: Done) -> [PieceResult]
}

extension Operation {
    package func isForFront(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) -> Bool { false }

    package func prepare() {}

    package static func single(_ work: Work) -> [Work] { [work] }

    /// A task for this operation; `byteCount` is about how much work it is.
    package static func task(_ work: Work, _ files: [SharedDescriptor], byteCount: UInt64) -> TaskMessage {
        var message = MessageWriter()
        work.write(to: &message)
        return TaskMessage(operation: Self.self, bytes: message.bytes, files: files, byteCount: byteCount)
    }

    /// Decodes a task of this operation.
    package static func work(_ task: TaskMessage) throws(PoolmapError) -> Work {
        var message = MessageReader(task.bytes)
        return try Work(from: &message)
    }

    /// Decodes a worker's answer to a task of this operation.
    package static func done(_ answer: TaskAnswer) throws(PoolmapError) -> Done {
        guard case .done(let operation, let bytes) = answer, operation == Self.self else {
            throw PoolmapError(.failed, "internal error: unexpected answer from a worker")
        }
        var message = MessageReader(bytes)
        return try Done(from: &message)
    }

    /// Does a task whose bytes have this operation's layout.
    package func perform(_ task: TaskMessage, _ hands: Hands) -> TaskAnswer {
        do throws(PoolmapError) {
            let work = try Self.work(task)
            if !hands.isFront, try isForFront(work, task.files, hands) { return .leftToFront }
            var answer = MessageWriter()
            try perform(work, task.files, hands).write(to: &answer)
            return .done(Self.self, answer.bytes)
        } catch {
            return .failed(error)
        }
    }

    fileprivate static func single(_ task: TaskMessage) throws(PoolmapError) -> [TaskMessage] {
        let works = single(try work(task))
        return works.map { Self.task($0, task.files, byteCount: task.byteCount / UInt64(works.count)) }
    }

    fileprivate static func results(of answer: TaskAnswer) throws(PoolmapError) -> [PieceResult] {
        results(of: try done(answer))
    }
}

/// What the front asks of a worker: enough pieces of an input to be worth a message.
package struct TaskMessage {
    package let operation: any Operation.Type
    package let bytes: [UInt8]
    /// The files of the task; its bytes refer to them by index.
    package let files: [SharedDescriptor]
    /// About how many bytes of work this is.
    package let byteCount: UInt64
    /// Small files that a worker does whole.
    var wholeFiles: FileWorks?

    /// Splits the task into one for each piece.
    package func single() throws(PoolmapError) -> [TaskMessage] {
        try operation.single(self)
    }
}

/// What a worker answers.
package enum TaskAnswer {
    case done(any Operation.Type, [UInt8])
    case failed(PoolmapError)
    /// The task needs more memory than a worker may use.
    case leftToFront
    /// One result for each file, in the order they were handed out.
    case files(FileResults)

    /// What a report says about each piece.
    package var results: [PieceResult] {
        get throws(PoolmapError) {
            guard case .done(let operation, _) = self else { return [] }
            return try operation.results(of: self)
        }
    }
}

/// What a report says about one piece of a task.
package struct PieceResult {
    package let text: JSONText
    /// When it started and how long it took; nil where only the task as a whole was timed.
    package var time: WorkTime?

    package init(text: JSONText, time: WorkTime? = nil) {
        self.text = text
        self.time = time
    }
}

/// A start and a duration on the monotonic clock.
package struct WorkTime: BitwiseCopyable {
    package var startedNanoseconds: UInt64
    package var durationNanoseconds: UInt64

    /// From `start` until now.
    package init(since start: UInt64) {
        startedNanoseconds = start
        durationNanoseconds = monotonicNanoseconds() - start
    }
}

/// Where a task's bytes are.
package enum Source: BitwiseCopyable {
    /// In the input area of the task's slot, from this byte on.
    case slot(offset: Int)
    /// In a regular file, from this byte on; `hasHoles` says that asking for the file's data ranges is worthwhile.
    case file(TaskFile, offset: UInt64, hasHoles: Bool = false)
    /// Nowhere: all bytes are zero, as in a hole.
    case zeros

    /// The same source, starting `byteCount` bytes later.
    package func advanced(by byteCount: Int) -> Source {
        switch self {
        case .slot(let offset): .slot(offset: offset + byteCount)
        case .file(let number, let offset, let hasHoles):
            .file(number, offset: offset + UInt64(byteCount), hasHoles: hasHoles)
        case .zeros: .zeros
        }
    }

    /// A reader of the bytes; nil where they are in a slot.
    package func reader(_ files: [SharedDescriptor], _ byteCount: UInt64) -> FileReader? {
        switch self {
        case .slot: nil
        case .file(let number, let offset, let hasHoles):
            FileReader(number.descriptor(files), at: offset, byteCount: byteCount, hasHoles: hasHoles)
        case .zeros: FileReader(zeros: byteCount)
        }
    }
}

/// A file that the front has open, by its index among the task's files.
package struct TaskFile: BitwiseCopyable {
    private let place: Int32

    package init(_ place: Int) {
        self.place = Int32(place)
    }

    /// Standard input, which the pool passes on to every worker.
    package static let standardInput = TaskFile(-1)

    /// The descriptor in this process.
    package func descriptor(_ files: [SharedDescriptor]) -> FileDescriptor {
        place < 0 ? .standardInput : files[Int(place)].fileDescriptor
    }
}

extension InputFile {
    /// Where a worker finds part of a regular file, which is the first of its task's files; `offset` counts from the
    /// start of the input.
    package func source(at offset: UInt64, _ byteCount: UInt64) -> Source {
        let place = start + offset
        guard let extent = extent(at: place) else { return .file(number, offset: place) }
        guard extent.end >= place + byteCount else { return .file(number, offset: place, hasHoles: true) }
        return extent.isHole ? .zeros : .file(number, offset: place)
    }

    /// The same for readers that do not care about holes.
    package func source(at offset: UInt64) -> Source {
        .file(number, offset: start + offset)
    }

    private var number: TaskFile { isOwned ? TaskFile(0) : .standardInput }
}

/// What a process works with: the memory shared by all of them.
package final class Hands {
    package let areas: SharedAreas
    package let layout: SlotLayout
    /// The pid of the front, which creates this object.
    private let front = getpid()

    package init(_ layout: SlotLayout, _ areas: SharedAreas) {
        self.layout = layout
        self.areas = areas
    }

    /// Whether this process is the front, which hands out the work.
    var isFront: Bool { getpid() == front }

    /// A task's bytes: in its slot, or read into the operation's own memory.
    package func bytes(
        of source: Source, _ byteCount: Int, _ slot: Int, _ files: [SharedDescriptor], into space: inout Scratch
    ) throws(PoolmapError) -> UnsafeRawBufferPointer {
        if case .slot(let offset) = source {
            return UnsafeRawBufferPointer(rebasing: try areas.input(slot, offset + byteCount)[offset...])
        }
        let memory = try space.space(of: byteCount)
        var reader = source.reader(files, UInt64(byteCount))
        _ = try reader?.read(into: memory)
        return UnsafeRawBufferPointer(memory)
    }

    /// A read of this size stays in the core's own cache while it is worked on.
    ///
    /// Mapping the file instead costs BLAKE3 with AVX2 1.2 times the processor time: the kernel needs as long for the pages
    /// as for the copy, and the hash then waits for main memory.
    package static let cachedBytes = 256 << 10
}
