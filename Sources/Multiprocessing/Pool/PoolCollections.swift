/// Methods for whole collections.
extension Pool {
    /// Runs the function for every input and returns the outputs in the inputs' order.
    ///
    /// Blocks until all are done.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call.
    ///   - chunkSize: how many consecutive tasks are sent to a worker together, at least 1; nil to choose this by how
    ///     long they take. An error of one task does not affect the others.
    ///   - timeout: the time limit for all tasks together; when it is exceeded, unfinished tasks are ended, and
    ///     `timedOut` is thrown. nil for no limit.
    ///   - progress: called with the number of finished inputs as results arrive; once for several that arrive
    ///     together.
    ///
    /// Throws the error of the first input, in order, that failed. When it throws, all tasks have ended.
    /// The corresponding Python API is `multiprocessing.Pool.map`.
    @discardableResult
    public func map(
        _ inputs: some Sequence<Input>, chunkSize: Int? = nil, timeout: Duration? = nil,
        progress: ((Int) -> Void)? = nil
    ) throws(MultiprocessingError) -> [Output] {
        let pending = CollectedResult(outputCoder, progress: progress)
        do throws(MultiprocessingError) {
            return try outputs(of: inputs, chunkSize, timeout, to: pending)
        } catch {
            // Tasks that were submitted before finish; if that fails too, it is not the first error.
            while pending.missing > 0, (try? link.receive(until: Deadline(after: nil))) != nil {}
            throw error
        }
    }

    /// Runs the function for every input and returns an output or an error for each, in the inputs' order.
    ///
    /// Blocks until all are done. The parameters are those of `map`.
    ///
    /// An input's error is its result: `taskFailed` with the thrown error as `underlying`, `workerDied`,
    /// `taskTimedOut`, `cancelled`, `encodingFailed`, `decodingFailed`. Throws only errors that concern all inputs:
    /// `timedOut`, and `managerDied` or `initializerFailed` when the pool has failed. In Python one would catch the
    /// error around each `AsyncResult.get`.
    public func mapResults(
        _ inputs: some Sequence<Input>, chunkSize: Int? = nil, timeout: Duration? = nil,
        progress: ((Int) -> Void)? = nil
    ) throws(MultiprocessingError) -> [Result<Output, MultiprocessingError>] {
        let pending = CollectedResult(outputCoder, keepsErrors: true, progress: progress)
        _ = try outputs(of: inputs, chunkSize, timeout, to: pending)
        return pending.takeResults()
    }

    /// Runs the function for every input and returns its output or its error, if that has the given type.
    ///
    /// Blocks until all are done.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call.
    ///   - failure: the type of the errors that are returned as results.
    ///   - chunkSize: as for `map`.
    ///   - timeout: as for `map`.
    ///   - progress: as for `map`.
    ///
    /// Throws the first error, in order, of any other type, as `map` does; and as `mapResults` does. In Python one
    /// would catch that class around each `AsyncResult.get`.
    public func map<Failure: Error & Codable>(
        _ inputs: some Sequence<Input>, catching failure: Failure.Type, chunkSize: Int? = nil,
        timeout: Duration? = nil, progress: ((Int) -> Void)? = nil
    ) throws(MultiprocessingError) -> [Result<Output, Failure>] {
        var caught: [Result<Output, Failure>] = []
        for result in try mapResults(inputs, chunkSize: chunkSize, timeout: timeout, progress: progress) {
            switch result {
            case .success(let output): caught.append(.success(output))
            case .failure(let error):
                guard let failure = error.underlying as? Failure else { throw error }
                caught.append(.failure(failure))
            }
        }
        return caught
    }

    /// Runs the function for every input; returns a handle for the outputs, which are in the inputs' order.
    ///
    /// Does not block.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call.
    ///   - chunkSize: as for `map`.
    ///   - callback: called with the outputs when all are there.
    ///   - errorCallback: called with the error of the first input, in order, that failed, when all tasks have ended.
    ///   - progress: as for `map`; called when callbacks run.
    ///
    /// The callbacks run like those of `applyAsync`. Throws `encodingFailed`, after cancelling the tasks of the inputs
    /// before it, and otherwise as `applyAsync` does. The corresponding Python API is `multiprocessing.Pool.map_async`.
    public func mapAsync(
        _ inputs: some Sequence<Input>, chunkSize: Int? = nil, callback: (([Output]) -> Void)? = nil,
        errorCallback: ((MultiprocessingError) -> Void)? = nil, progress: ((Int) -> Void)? = nil
    ) throws(MultiprocessingError) -> AsyncResult<[Output]> {
        let pending = CollectedResult(outputCoder, progress: progress, callback, errorCallback)
        try submitTogether(Array(inputs), chunkSize, to: pending)
        link.send()
        return AsyncResult(link, pending)
    }

    /// Submits all inputs, and waits for their outputs.
    private func outputs(
        of inputs: some Sequence<Input>, _ chunkSize: Int?, _ timeout: Duration?, to pending: CollectedResult<Output>
    ) throws(MultiprocessingError) -> [Output] {
        guard let timeout else {
            try submit(inputs, chunkSize, to: pending)
            return try AsyncResult(link, pending).get()
        }
        let deadline = Deadline(after: timeout)
        try submitTogether(Array(inputs), chunkSize, to: pending)
        let result = AsyncResult(link, pending)
        guard try result.wait(until: deadline) else {
            result.cancel()
            try result.wait()
            throw MultiprocessingError(.timedOut, "not all tasks finished within \(timeout)")
        }
        return try result.get()
    }

    /// Submits all at once, with no other task in between, because they are cancelled by a range of task numbers.
    private func submitTogether(
        _ inputs: [Input], _ chunkSize: Int?, to pending: CollectedResult<Output>
    ) throws(MultiprocessingError) {
        let first = link.nextTask
        do throws(MultiprocessingError) {
            try submit(inputs, chunkSize, to: pending)
        } catch {
            link.cancel(first..<link.nextTask)
            throw error
        }
        pending.tasks = first..<link.nextTask
    }

    private func submit(
        _ inputs: some Sequence<Input>, _ chunkSize: Int?, to pending: CollectedResult<Output>
    ) throws(MultiprocessingError) {
        let chunkSize = try checkedChunkSize(chunkSize) ?? 1
        let terms = try terms(endsUnit: chunkSize == 1)
        guard chunkSize > 1 else {
            for input in inputs {
                try submit(input, terms, to: pending)
            }
            return allSubmitted(to: pending)
        }
        var chunk: [Input] = []
        for input in inputs {
            chunk.append(input)
            if chunk.count == chunkSize {
                try submit(unit: &chunk, terms, to: pending)
            }
        }
        try submit(unit: &chunk, terms, to: pending)
        allSubmitted(to: pending)
    }

    private func submit(
        unit: inout [Input], _ terms: PoolFrame, to pending: CollectedResult<Output>
    ) throws(MultiprocessingError) {
        guard !unit.isEmpty else { return }
        defer {
            link.endUnit()
            unit.removeAll(keepingCapacity: true)
        }
        for input in unit {
            try submit(input, terms, to: pending)
        }
    }

    private func submit(
        _ input: Input, _ terms: PoolFrame, to pending: CollectedResult<Output>
    ) throws(MultiprocessingError) {
        do throws(MultiprocessingError) {
            try link.submit(terms, input, inputCoder, to: pending, at: pending.count)
        } catch {
            guard error.code == .encodingFailed, pending.skip(error) else { throw error }
            return
        }
        if terms.endsUnit {
            link.sendIfEnough()
        }
        pending.expect()
    }

    private func allSubmitted(to pending: CollectedResult<Output>) {
        if pending.expectNoMore() {
            link.willAnnounce(pending)
            link.announce()
        }
    }

    /// Returns the outputs one by one in the inputs' order, each as soon as all before it are done.
    ///
    /// - Parameters:
    ///   - inputs: the arguments of the function, one for each call. They are taken from the sequence only as results
    ///     are consumed.
    ///   - chunkSize: as for `map`, and at most `inFlight`. If it is not positive, the first `next()` throws
    ///     `invalidState`.
    ///   - inFlight: the maximum number of tasks that are unfinished or waiting to be taken. The default is 64 for each
    ///     worker, up to 256 once tasks have been short and outputs small, or two chunks.
    ///
    /// The corresponding Python API is `multiprocessing.Pool.imap`, which takes all inputs at once.
    public func imap<Inputs: Sequence<Input>>(
        _ inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil
    ) -> PoolResults<Inputs.Iterator, Output> {
        PoolResults(pool: self, inputs.makeIterator(), chunkSize: chunkSize, inFlight: inFlight, isOrdered: true)
    }

    /// Returns the outputs one by one, each as soon as it is done.
    ///
    /// The parameters are those of `imap`. The corresponding Python API is `multiprocessing.Pool.imap_unordered`.
    public func imapUnordered<Inputs: Sequence<Input>>(
        _ inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil
    ) -> PoolResults<Inputs.Iterator, Output> {
        PoolResults(pool: self, inputs.makeIterator(), chunkSize: chunkSize, inFlight: inFlight, isOrdered: false)
    }
}
