/// Whole collections.
extension Pool {
    /// Runs the function for every input and returns the outputs in the inputs' order.
    ///
    /// Blocks until all are done.
    ///
    /// - Parameters:
    ///   - inputs: what the function is run for, each.
    ///   - chunkSize: so many consecutive tasks go to one worker together, at least 1; nil for as many as the time that
    ///     they take suggests. Whether one fails is no matter of the others.
    ///   - timeout: how long all may take together; then what has no result is ended, and `timedOut` thrown. nil for as
    ///     long as they like.
    ///   - progress: is told how many inputs are done, as their results come: of several that come together once.
    ///
    /// Throws the error of the first input, in order, that has none. When it throws, all tasks have ended.
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
            // The tasks that were handed in before come to their end; unless that fails too, which is not the first error.
            while pending.missing > 0, (try? link.receive(until: Deadline(after: nil))) != nil {}
            throw error
        }
    }

    /// Runs the function for every input and returns what became of each, in the inputs' order.
    ///
    /// Blocks until all are done. The parameters are those of `map`.
    ///
    /// An error of an input is its result: `taskFailed` with what the function threw as `underlying`, `workerDied`,
    /// `taskTimedOut`, `cancelled`, `encodingFailed`, `decodingFailed`. Throws only what keeps all from having results:
    /// `timedOut`, and `managerDied` or `initializerFailed` when the pool has failed. In Python one would catch the error
    /// around each `AsyncResult.get`.
    public func mapResults(
        _ inputs: some Sequence<Input>, chunkSize: Int? = nil, timeout: Duration? = nil,
        progress: ((Int) -> Void)? = nil
    ) throws(MultiprocessingError) -> [Result<Output, MultiprocessingError>] {
        let pending = CollectedResult(outputCoder, keepsErrors: true, progress: progress)
        _ = try outputs(of: inputs, chunkSize, timeout, to: pending)
        return pending.takeResults()
    }

    /// Runs the function for every input and returns its output or the error of one type that it threw.
    ///
    /// Blocks until all are done.
    ///
    /// - Parameters:
    ///   - inputs: what the function is run for, each.
    ///   - failure: the type of the errors that are results.
    ///   - chunkSize: as for `map`.
    ///   - timeout: as for `map`.
    ///   - progress: as for `map`.
    ///
    /// Throws the first error, in order, of another type, as `map` does; and as `mapResults`. In Python one would catch that
    /// class around each `AsyncResult.get`.
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

    /// Runs the function for every input; the outputs, in the inputs' order, can be had later.
    ///
    /// Does not block.
    ///
    /// - Parameters:
    ///   - inputs: what the function is run for, each.
    ///   - chunkSize: as for `map`.
    ///   - callback: is handed the outputs when all are there.
    ///   - errorCallback: is handed the error of the first input, in order, that has one, when all tasks have ended.
    ///   - progress: as for `map`; it is called where callbacks are.
    ///
    /// The callbacks run as those of `applyAsync`. Throws `encodingFailed`, whereupon the tasks of the inputs before it
    /// are cancelled, and else as `applyAsync`. The corresponding Python API is `multiprocessing.Pool.map_async`.
    public func mapAsync(
        _ inputs: some Sequence<Input>, chunkSize: Int? = nil, callback: (([Output]) -> Void)? = nil,
        errorCallback: ((MultiprocessingError) -> Void)? = nil, progress: ((Int) -> Void)? = nil
    ) throws(MultiprocessingError) -> AsyncResult<[Output]> {
        let pending = CollectedResult(outputCoder, progress: progress, callback, errorCallback)
        try submitTogether(Array(inputs), chunkSize, to: pending)
        link.send()
        return AsyncResult(link, pending)
    }

    /// Hands in all inputs, and waits for their outputs.
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
            throw MultiprocessingError(.timedOut, "not all tasks were done after \(timeout)")
        }
        return try result.get()
    }

    /// Hands in all at once, so that no other task comes between: they are cancelled by the range of their numbers.
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

    /// The outputs one by one in the inputs' order, each as soon as it and all before it are done.
    ///
    /// - Parameters:
    ///   - inputs: what the function is run for, each. They are taken from the sequence only as results are used.
    ///   - chunkSize: as for `map`, and no more than `inFlight`. If it is not positive, the first `next()` throws
    ///     `invalidState`.
    ///   - inFlight: at most so many tasks are under way or wait to be taken; by default 64 for each worker, up to 256
    ///     once tasks have shown to be short and outputs small, or two chunks.
    ///
    /// The corresponding Python API is `multiprocessing.Pool.imap`, which takes all inputs at once.
    public func imap<Inputs: Sequence<Input>>(
        _ inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil
    ) -> PoolResults<Inputs.Iterator, Output> {
        PoolResults(pool: self, inputs.makeIterator(), chunkSize: chunkSize, inFlight: inFlight, isOrdered: true)
    }

    /// The outputs one by one, each as soon as it is done.
    ///
    /// The parameters are those of `imap`. The corresponding Python API is `multiprocessing.Pool.imap_unordered`.
    public func imapUnordered<Inputs: Sequence<Input>>(
        _ inputs: Inputs, chunkSize: Int? = nil, inFlight: Int? = nil
    ) -> PoolResults<Inputs.Iterator, Output> {
        PoolResults(pool: self, inputs.makeIterator(), chunkSize: chunkSize, inFlight: inFlight, isOrdered: false)
    }
}
