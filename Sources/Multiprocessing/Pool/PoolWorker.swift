import CMultiprocessing
import Glibc
import Synchronization
import SystemPackage

/// What a worker runs, with the types of the pool taken away: the manager knows neither input nor output.
struct WorkerProgram {
    /// Makes the worker's state; its error fails the pool.
    let initialize: () throws -> Void
    /// Decodes the input, runs the function and appends the frame with the encoded output.
    ///
    /// Throws what the function and the coders throw, and has appended nothing then.
    let run: (UnsafeRawBufferPointer, PoolFrame, FrameChannel) throws -> Void
}

/// A line of shared memory a worker: the task that it is running now.
///
/// It outlives the worker, and so tells the manager which of the tasks that a dead worker held is to blame.
struct WorkerBoard: ~Copyable {
    private let mapping: SharedMapping
    // Own cache lines: workers write their own entry twice a task.
    private static let strideBytes = 64

    init(workers: Int) throws(MultiprocessingError) {
        mapping = try SharedMapping(byteCount: max(workers, 1) * WorkerBoard.strideBytes, name: "poolmap-board")
    }

    /// Task numbers start at 1; 0 means none.
    func entry(_ worker: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        (mapping.base + worker * WorkerBoard.strideBytes).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}

/// The life of a worker: initialize, then one task after the other until the manager closes the channel.
enum PoolWorker {
    /// A result waits in the buffer at most about this long while further tasks run.
    private static let patienceNanoseconds: UInt64 = 50_000

    static func serve(
        _ program: WorkerProgram, over channel: FrameChannel, running: UnsafeMutablePointer<Atomic<UInt64>>
    ) -> Never {
        do {
            try program.initialize()
        } catch {
            enqueueText(of: error, PoolFrame(.initializerFailed), on: channel)
            try? channel.flush()
            Fork.leave(EXIT_FAILURE)
        }
        channel.enqueue(PoolFrame(.ready))
        var unsentSince: UInt64 = 0
        while true {
            // The manager sends several tasks at once only while they take a few microseconds, see
            // `PoolManager.tasksInFlight`; their results go back together, unless they turn out to take longer.
            let now = monotonicNanoseconds()
            if !channel.hasFrame || now - unsentSince > patienceNanoseconds {
                guard (try? channel.flush()) != nil else { Fork.leave(EXIT_FAILURE) }
                unsentSince = now
            }
            while !channel.hasFrame {
                guard (try? channel.fill()) != nil, !channel.isAtEnd else { Fork.leave(EXIT_SUCCESS) }
                unsentSince = monotonicNanoseconds()
            }
            channel.takeFrame { frame, input in
                run(program, frame, input, channel, running)
            }
        }
    }

    private static func run(
        _ program: WorkerProgram, _ task: PoolFrame, _ input: UnsafeRawBufferPointer, _ channel: FrameChannel,
        _ running: UnsafeMutablePointer<Atomic<UInt64>>
    ) {
        running.pointee.store(task.task, ordering: .releasing)
        var answer = task
        answer.worker = getpid()
        answer.startedNanoseconds = monotonicNanoseconds()
        answer.kind = .result
        do {
            try program.run(input, answer, channel)
        } catch {
            answer.kind = .failure
            answer.durationNanoseconds = monotonicNanoseconds() - answer.startedNanoseconds
            enqueueText(of: error, answer, on: channel)
        }
        running.pointee.store(0, ordering: .releasing)
    }

    private static func enqueueText(of error: any Error, _ frame: PoolFrame, on channel: FrameChannel) {
        var frame = frame
        frame.worker = getpid()
        var text = String(describing: error)
        text.withUTF8 { channel.enqueue(frame, UnsafeRawBufferPointer($0)) }
    }
}
