/// The only kind of message between front, pool manager and workers: this header, then `payloadBytes` bytes.
///
/// It is copied as memory, because all three are forks of one process.
struct PoolFrame: BitwiseCopyable {
    enum Kind: UInt8 {
        /// Front → pool manager → worker: run this; the payload is the encoded input.
        case task
        /// Front → pool manager → worker: a descriptor comes with this frame; `task` is its key.
        case descriptor
        /// Front → pool manager → worker: no later task uses the descriptor with the key `task`.
        case release
        /// Front → pool manager: end the tasks from `task` on (the payload is their number), except those that have a
        /// result.
        case cancel
        /// Front → pool manager: end all tasks that no worker has begun.
        case withdraw
        /// Front → pool manager: report what the workers do.
        case inspect
        /// Front → pool manager: no more tasks will come.
        case close
        /// Worker → pool manager: the initializer is done.
        case ready
        /// Worker → pool manager: it has exceeded its memory limit and must be replaced.
        case spent
        /// Worker → pool manager → front: the initializer threw, the payload is the error's text; the pool cannot run
        /// anything.
        case initializerFailed
        /// Worker → pool manager → front: the payload is the encoded output.
        case result
        /// Worker → pool manager → front: the function threw, the payload is the encoded `ThrownError`.
        case failure
        /// Pool manager → front: what the workers do: a `PoolStatus.Worker` for each living worker, in order.
        case inspection
        /// Worker → pool manager → front: a line for the logger, encoded in the payload.
        case log
        /// Pool manager → front: the kernel refuses something the pool needs, named in the payload; the pool manager
        /// ends.
        case poolManagerFailed
        /// Pool manager → front: workers died while running this task; `status` is the last one's exit status.
        case workerDied
        /// Pool manager → front: the task exceeded `limitNanoseconds`, and `worker` was killed.
        case taskTimedOut
        /// Pool manager → front: the task was ended by `cancel`; `worker` is the one that ran it, 0 if none had begun
        /// it.
        case cancelled
        /// Only in the pool manager's queue: a task that was cancelled there.
        case removed
    }

    var kind: Kind
    /// Whether a task is the last of those that go to one worker together.
    var endsUnit = true
    /// The number of shared descriptors that a task uses; their keys are at the end of the payload.
    var descriptorCount: UInt16 = 0
    /// The worker's exit status: the code, or 256 plus the signal.
    ///
    /// Only in `workerDied` and `initializerFailed`; in `poolManagerFailed` the errno, or 0.
    var status: Int32 = 0
    /// The worker that ran the task.
    var worker: Int32 = 0
    /// How many workers began the task, this one included.
    var attempts: UInt16 = 1
    /// How many workers may begin it before it fails with their deaths.
    var attemptLimit = PoolFrame.usualAttempts
    var task: UInt64 = 0
    /// When the worker began it, on the machine's monotonic clock.
    var startedNanoseconds: UInt64 = 0
    var durationNanoseconds: UInt64 = 0
    /// The time limit of the task; 0 for none.
    var limitNanoseconds: UInt64 = 0
    /// Answers to the tasks of one lane reach the front in the order of the tasks.
    var lane = PoolFrame.noLane
    var payloadBytes: UInt64 = 0

    init(_ kind: Kind, task: UInt64 = 0) {
        self.kind = kind
        self.task = task
    }

    /// For tasks whose answers reach the front as they finish.
    static let noLane = -1
    static let usualAttempts: UInt16 = 3
    static let byteCount = MemoryLayout<PoolFrame>.size

    /// The size of header and payload.
    var totalBytes: Int {
        PoolFrame.byteCount + Int(payloadBytes)
    }

    /// The frame that starts at an offset; nil if the bytes do not hold all of it yet, or hold none.
    @inline(__always)
    init?(in bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard bytes.count - offset >= PoolFrame.byteCount, PoolFrame.isSound(bytes, at: offset) else { return nil }
        self = bytes.loadUnaligned(fromByteOffset: offset, as: PoolFrame.self)
        guard bytes.count - offset >= totalBytes else { return nil }
    }

    /// Whether the bytes of a header are valid: in a compromised worker, other code may write them.
    @inline(__always)
    static func isSound(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        // `payloadBytes`, the last field.
        let length = bytes.loadUnaligned(fromByteOffset: offset + byteCount - 8, as: UInt64.self)
        return bytes[offset] <= Kind.removed.rawValue && bytes[offset + 1] <= 1 && length <= mostPayloadBytes
    }

    private static let mostPayloadBytes: UInt64 = 1 << 48

    /// Splits the payload into the input and the keys of the shared descriptors that a task uses.
    ///
    /// - Parameter payload: everything that follows the header.
    func split(_ payload: UnsafeRawBufferPointer) -> (input: UnsafeRawBufferPointer, keys: UnsafeRawBufferPointer) {
        let keyBytes = min(Int(descriptorCount) * MemoryLayout<UInt64>.size, payload.count)
        let border = payload.count - keyBytes
        return (
            UnsafeRawBufferPointer(rebasing: payload[..<border]), UnsafeRawBufferPointer(rebasing: payload[border...])
        )
    }

    var exitStatus: ExitStatus? {
        get { status < 256 ? .exited(status) : .signaled(status - 256) }
        set {
            switch newValue {
            case .exited(let code): status = code
            case .signaled(let number): status = 256 + number
            case nil: status = 0
            }
        }
    }
}
