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
    ///
    /// Throws the error of the first input, in order, that has none. When it throws, all tasks have ended.
    /// The corresponding Python API is `multiprocessing.Pool.map`.
    public func map(_ inputs: some Sequence<Input>, chunkSize: Int? = nil) throws(MultiprocessingError) -> [Output] {
        let pending = CollectedResult(outputCoder)
        do throws(MultiprocessingError) {
            try submit(inputs, chunkSize, to: pending)
        } catch {
            // The tasks that were handed in before come to their end; unless that fails too, which is not the first error.
            while pending.missing > 0, (try? link.receive(until: Deadline(after: nil))) != nil {}
            throw error
        }
        return try AsyncResult(link, pending).get()
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
    ///
    /// The callbacks run as those of `applyAsync`. Throws `encodingFailed`, whereupon the tasks of the inputs before it
    /// are cancelled, and else as `applyAsync`. The corresponding Python API is `multiprocessing.Pool.map_async`.
    public func mapAsync(
        _ inputs: some Sequence<Input>, chunkSize: Int? = nil, callback: (([Output]) -> Void)? = nil,
        errorCallback: ((MultiprocessingError) -> Void)? = nil
    ) throws(MultiprocessingError) -> AsyncResult<[Output]> {
        let pending = CollectedResult(outputCoder, callback, errorCallback)
        let first = link.nextTask
        do throws(MultiprocessingError) {
            // All at once, so that no other task comes between: they are cancelled by the range of their numbers.
            try submit(Array(inputs), chunkSize, to: pending)
        } catch {
            link.cancel(first..<link.nextTask)
            throw error
        }
        pending.tasks = first..<link.nextTask
        link.send()
        return AsyncResult(link, pending)
    }

    private func submit(
        _ inputs: some Sequence<Input>, _ chunkSize: Int?, to pending: CollectedResult<Output>
    ) throws(MultiprocessingError) {
        guard let chunkSize = try checkedChunkSize(chunkSize), chunkSize > 1 else {
            for input in inputs {
                try submit(input, to: pending, endsUnit: true)
            }
            return allSubmitted(to: pending)
        }
        var chunk: [Input] = []
        for input in inputs {
            chunk.append(input)
            if chunk.count == chunkSize {
                try submit(unit: &chunk, to: pending)
            }
        }
        try submit(unit: &chunk, to: pending)
        allSubmitted(to: pending)
    }

    private func submit(unit: inout [Input], to pending: CollectedResult<Output>) throws(MultiprocessingError) {
        guard !unit.isEmpty else { return }
        defer {
            link.endUnit()
            unit.removeAll(keepingCapacity: true)
        }
        for input in unit {
            try submit(input, to: pending, endsUnit: false)
        }
    }

    private func submit(
        _ input: Input, to pending: CollectedResult<Output>, endsUnit: Bool
    ) throws(MultiprocessingError) {
        try link.submit(terms(endsUnit: endsUnit), input, inputCoder, to: pending, at: pending.count)
        if endsUnit {
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
