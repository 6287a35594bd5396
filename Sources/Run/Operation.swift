import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// One kind of work that is done with an input, in three acts.
///
/// They stand together in one file:
///
/// - *cut*: a `Job` says what the next task is, `Job.next`;
/// - *do*: a worker does it, `perform`;
/// - *join*: the job takes what came of it, in order, `Job.accept`.
///
/// A task and its answer are flat bytes, whose layout only the operation knows: `Work` and `Done`. Each process has an
/// instance of its own of each operation, from before it was forked, so that what `prepare` makes is shared memory. They
/// are listed in `RunSettings.operations`, and nothing else knows all of them.
package protocol Operation: AnyObject {
    associatedtype Work: Message
    associatedtype Done: Message

    /// Does a task: in a worker process, or in the front where one process is enough.
    ///
    /// Both run the same code, which is why the output is the same.
    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done
    /// Whether a task takes more memory than a worker may have.
    func isForFront(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Bool
    /// Makes what workers that are forked from here on are to have from their birth.
    func prepare() throws(PoolmapError)
    /// The same task as one for each of its pieces, for the case that one of them ends its workers.
    static func single(_ work: Work) -> [Work]
    /// What is told of each piece of a task in a report.
    static func results(of done: Done) -> [PieceResult]
}

extension Operation {
    package func isForFront(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) -> Bool { false }

    package func prepare() {}

    package static func single(_ work: Work) -> [Work] { [work] }

    /// A task for this operation, of about so much work.
    package static func task(_ work: Work, _ files: [SharedDescriptor], byteCount: UInt64) -> TaskMessage {
        var message = MessageWriter()
        work.write(to: &message)
        return TaskMessage(operation: Self.self, bytes: message.bytes, files: files, byteCount: byteCount)
    }

    /// What a task of this operation asks.
    package static func work(_ task: TaskMessage) throws(PoolmapError) -> Work {
        var message = MessageReader(task.bytes)
        return try Work(from: &message)
    }

    /// What a worker has made of a task of this operation.
    package static func done(_ answer: TaskAnswer) throws(PoolmapError) -> Done {
        guard case .done(let operation, let bytes) = answer, operation == Self.self else {
            throw PoolmapError(.failed, "a worker gave an answer to another question")
        }
        var message = MessageReader(bytes)
        return try Done(from: &message)
    }

    /// Does a task whose layout is this operation's.
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

/// What the front asks of a worker: the pieces of an input that are worth a message.
package struct TaskMessage {
    package let operation: any Operation.Type
    package let bytes: [UInt8]
    /// The files that the bytes name by their places here.
    package let files: [SharedDescriptor]
    /// About how much there is to do.
    package let byteCount: UInt64
    /// Small files that are done whole.
    var wholeFiles: FileWorks?

    /// The same task as one for each piece.
    package func single() throws(PoolmapError) -> [TaskMessage] {
        try operation.single(self)
    }
}

/// What a worker answers.
package enum TaskAnswer {
    case done(any Operation.Type, [UInt8])
    case failed(PoolmapError)
    /// It takes more memory than a worker may have.
    case leftToFront
    /// In the order in which they were handed out.
    case files(FileResults)

    /// What is told of each piece in a report.
    package var results: [PieceResult] {
        get throws(PoolmapError) {
            guard case .done(let operation, _) = self else { return [] }
            return try operation.results(of: self)
        }
    }
}

/// What is told of a piece of a task in a report.
package struct PieceResult {
    package let text: JSONText
    /// When it was begun, and how long it took; nil where the task as a whole tells that.
    package var time: WorkTime?

    package init(text: JSONText, time: WorkTime? = nil) {
        self.text = text
        self.time = time
    }
}

/// On the monotonic clock.
package struct WorkTime: BitwiseCopyable {
    package var startedNanoseconds: UInt64
    package var durationNanoseconds: UInt64

    /// From `start` until now.
    package init(since start: UInt64) {
        startedNanoseconds = start
        durationNanoseconds = monotonicNanoseconds() - start
    }
}

/// Where the bytes of a task are.
package enum Source: BitwiseCopyable {
    /// In the input area of the slot that travels with the task, from this byte on.
    case slot(offset: Int)
    /// In a regular file, from this byte on; `hasHoles` says that it is worth while to ask where it has data.
    case file(TaskFile, offset: UInt64, hasHoles: Bool = false)
    /// Nowhere: all of them are zeros, as in a hole.
    case zeros

    /// The same so many bytes further on.
    package func advanced(by byteCount: Int) -> Source {
        switch self {
        case .slot(let offset): .slot(offset: offset + byteCount)
        case .file(let number, let offset, let hasHoles):
            .file(number, offset: offset + UInt64(byteCount), hasHoles: hasHoles)
        case .zeros: .zeros
        }
    }

    /// Reads the bytes; nil where they are in a slot.
    package func reader(_ files: [SharedDescriptor], _ byteCount: UInt64) -> FileReader? {
        switch self {
        case .slot: nil
        case .file(let number, let offset, let hasHoles):
            FileReader(number.descriptor(files), at: offset, byteCount: byteCount, hasHoles: hasHoles)
        case .zeros: FileReader(zeros: byteCount)
        }
    }
}

/// A file that the front has open, by its place among those of a task.
package struct TaskFile: BitwiseCopyable {
    private let place: Int32

    package init(_ place: Int) {
        self.place = Int32(place)
    }

    /// What every worker has from its birth, as the pool asks for it.
    package static let standardInput = TaskFile(-1)

    /// The descriptor in this process.
    package func descriptor(_ files: [SharedDescriptor]) -> FileDescriptor {
        place < 0 ? .standardInput : files[Int(place)].fileDescriptor
    }
}

extension InputFile {
    /// Where a worker finds a part of a regular file, the first of its task's files; `offset` counts from where the
    /// input begins.
    package func source(at offset: UInt64, _ byteCount: UInt64) -> Source {
        let place = start + offset
        guard let extent = extent(at: place) else { return .file(number, offset: place) }
        guard extent.end >= place + byteCount else { return .file(number, offset: place, hasHoles: true) }
        return extent.isHole ? .zeros : .file(number, offset: place)
    }

    /// The same of bytes that are read wherever the file has holes.
    package func source(at offset: UInt64) -> Source {
        .file(number, offset: start + offset)
    }

    private var number: TaskFile { isOwned ? TaskFile(0) : .standardInput }
}

/// What a process has to work with: the memory that it shares with the others.
package final class Hands {
    package let areas: SharedAreas
    package let layout: SlotLayout
    /// The process that hands out the work, in which this was made.
    private let front = getpid()

    package init(_ layout: SlotLayout, _ areas: SharedAreas) {
        self.layout = layout
        self.areas = areas
    }

    /// Whether this process is the one that hands out the work.
    var isFront: Bool { getpid() == front }

    /// The bytes of a task: in its slot, or read into memory of the operation's.
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

    /// Reads of this size stay in the nearest cache for those who work on them.
    package static let cachedBytes = 256 << 10
}
