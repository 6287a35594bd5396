/// A result that is not there yet, and its callbacks: the inside of an `AsyncResult`.
class PendingResult<Value>: TaskReceiver {
    /// Nil until it is there.
    private(set) var result: Result<Value, MultiprocessingError>?
    /// The tasks whose answers it takes.
    var tasks: Range<UInt64> = 0..<0

    /// Called with the result when it is there.
    private var callbacks: [(Result<Value, MultiprocessingError>) -> Void] = []

    init(_ callback: ((Value) -> Void)? = nil, _ errorCallback: ((MultiprocessingError) -> Void)? = nil) {
        guard callback != nil || errorCallback != nil else { return }
        callbacks.append { result in
            switch result {
            case .success(let value): callback?(value)
            case .failure(let error): errorCallback?(error)
            }
        }
    }

    /// Adds a callback: it is called at once if the result is there and has been announced.
    final func add(_ callback: @escaping (Result<Value, MultiprocessingError>) -> Void) {
        if let result, callbacks.isEmpty { return callback(result) }
        callbacks.append(callback)
    }

    /// Sets the result, once; returns whether there is a callback to run.
    final func complete(_ result: Result<Value, MultiprocessingError>) -> Bool {
        self.result = result
        return !callbacks.isEmpty
    }

    override func abandon(_ error: MultiprocessingError) -> Bool {
        // There may be several tasks.
        result == nil && complete(.failure(error))
    }

    override func announce() {
        guard let result else { return }
        while !callbacks.isEmpty {
            // Released before they run, with everything that they hold; they may add others.
            let told = callbacks
            callbacks = []
            for callback in told { callback(result) }
        }
    }
}

/// The output of one task.
final class SingleResult<Output>: PendingResult<Output> {
    private let coder: MessageCoder<Output>

    init(
        _ coder: MessageCoder<Output>, _ callback: ((Output) -> Void)? = nil,
        _ errorCallback: ((MultiprocessingError) -> Void)? = nil
    ) {
        self.coder = coder
        super.init(callback, errorCallback)
    }

    override func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, at position: Int) -> Bool {
        complete(frame.outcome(payload, coder))
    }
}

/// The outputs of many tasks, in the order of their positions, or the error of the first that failed.
final class CollectedResult<Output>: PendingResult<[Output]> {
    private let coder: MessageCoder<Output>
    private let progress: ((Int) -> Void)?
    /// Whether `takeResults` returns the result of each task; the result itself is then empty.
    private let keepsErrors: Bool
    private let outputs = OutputRing<Output>()
    /// By position; if they are not kept for each task, only the first.
    private var errors: [Int: MultiprocessingError] = [:]
    /// The position of the next task that is submitted.
    private(set) var count = 0
    /// The number of submitted tasks without an answer.
    private(set) var missing = 0
    /// The last number that was passed to `progress`.
    private var toldCount = 0
    /// Whether all tasks have been submitted.
    private var isComplete = false

    init(
        _ coder: MessageCoder<Output>, keepsErrors: Bool = false, progress: ((Int) -> Void)? = nil,
        _ callback: (([Output]) -> Void)? = nil, _ errorCallback: ((MultiprocessingError) -> Void)? = nil
    ) {
        self.coder = coder
        self.keepsErrors = keepsErrors
        self.progress = progress
        super.init(callback, errorCallback)
    }

    /// Records that a task was submitted.
    func expect() {
        count += 1
        missing += 1
    }

    /// Records that an input could not be encoded; returns false if that fails the whole call.
    func skip(_ error: MultiprocessingError) -> Bool {
        guard keepsErrors else { return false }
        errors[count] = error.numbered(UInt64(count))
        count += 1
        return true
    }

    /// All tasks have been submitted; returns whether there is a callback to run.
    func expectNoMore() -> Bool {
        isComplete = true
        return finishIfDone()
    }

    override func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, at position: Int) -> Bool {
        missing -= 1
        do throws(MultiprocessingError) {
            outputs.set(try frame.output(payload, coder, numbered: UInt64(position)), at: position)
        } catch {
            note(error, at: position)
        }
        return finishIfDone() || progress != nil
    }

    private func note(_ error: MultiprocessingError, at position: Int) {
        if !keepsErrors, let known = errors.first {
            // Only the error of the first position is reported, so up to a million others are not kept.
            guard position < known.key else { return }
            errors = [:]
        }
        errors[position] = error
    }

    override func announce() {
        if let progress, toldCount < count - missing {
            toldCount = count - missing
            progress(toldCount)
        }
        super.announce()
    }

    private func finishIfDone() -> Bool {
        guard missing == 0 && isComplete else { return false }
        if keepsErrors { return complete(.success([])) }
        if let error = errors.values.first { return complete(.failure(error)) }
        return complete(.success(outputs.takeAll(count)))
    }

    /// The result of each task, once all are done.
    func takeResults() -> [Result<Output, MultiprocessingError>] {
        (0..<count).map { position in
            guard let error = errors[position] else { return .success(outputs.takeNext()) }
            outputs.skipNext()
            return .failure(error)
        }
    }
}
