/// A result that is not there yet, and whom to tell when it is: the inside of an `AsyncResult`.
class PendingResult<Value>: TaskReceiver {
    /// nil until it is there.
    private(set) var result: Result<Value, MultiprocessingError>?
    /// The tasks that it takes.
    var tasks: Range<UInt64> = 0..<0

    private var callback: ((Value) -> Void)?
    private var errorCallback: ((MultiprocessingError) -> Void)?

    init(_ callback: ((Value) -> Void)? = nil, _ errorCallback: ((MultiprocessingError) -> Void)? = nil) {
        self.callback = callback
        self.errorCallback = errorCallback
    }

    /// Sets the result, once; returns whether there is a callback to run.
    final func complete(_ result: Result<Value, MultiprocessingError>) -> Bool {
        self.result = result
        return callback != nil || errorCallback != nil
    }

    override func abandon(_ error: MultiprocessingError) -> Bool {
        // It may take several tasks.
        result == nil && complete(.failure(error))
    }

    override func announce() {
        // Let go of before they run, with all that they hold.
        let (callback, errorCallback) = (callback, errorCallback)
        (self.callback, self.errorCallback) = (nil, nil)
        switch result {
        case .success(let value): callback?(value)
        case .failure(let error): errorCallback?(error)
        case nil: break
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

/// The outputs of many tasks, in the order of their positions.
final class CollectedResult<Output>: PendingResult<[Output]> {
    private let coder: MessageCoder<Output>
    private let outputs = OutputRing<Output>()
    /// Of the first position that has one.
    private var error: MultiprocessingError?
    /// The position of the next task that is handed in.
    private(set) var count = 0
    /// How many tasks that were handed in have no answer.
    private(set) var missing = 0
    /// All tasks were handed in.
    private var isComplete = false

    init(
        _ coder: MessageCoder<Output>, _ callback: (([Output]) -> Void)? = nil,
        _ errorCallback: ((MultiprocessingError) -> Void)? = nil
    ) {
        self.coder = coder
        super.init(callback, errorCallback)
    }

    /// Notes that a task was handed in.
    func expect() {
        count += 1
        missing += 1
    }

    /// All tasks were handed in; returns whether there is a callback to run.
    func expectNoMore() -> Bool {
        isComplete = true
        return finishIfDone()
    }

    override func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, at position: Int) -> Bool {
        missing -= 1
        do throws(MultiprocessingError) {
            outputs.set(try frame.output(payload, coder, numbered: UInt64(position)), at: position)
        } catch {
            if position <= self.error?.task ?? .max {
                self.error = error
            }
        }
        return finishIfDone()
    }

    private func finishIfDone() -> Bool {
        guard missing == 0 && isComplete else { return false }
        if let error { return complete(.failure(error)) }
        return complete(.success(outputs.takeAll(count)))
    }
}
