import Ground

/// What is to be printed of inputs that are done.
package struct DoneText {
    /// For standard output, or the file that stands for it.
    package var output: [UInt8] = []
    /// For standard error, with `-v`.
    package var notes: [UInt8] = []
    /// How many inputs it is about.
    package var count = 0

    /// Nothing.
    package init() {}

    var isEmpty: Bool { count == 0 && output.isEmpty && notes.isEmpty }
}

/// What a worker answers of a bundle.
package struct BundleOutcome {
    /// A name that is not done with the others, or about which there is something to be said.
    package struct Exception {
        package enum Reason: UInt8, BitwiseCopyable {
            /// The front is to see to it: it is a link, a folder, a large file, missing, or anything else that is not seen
            /// every day.
            case isForFront
            /// It was begun, and has failed.
            case hasFailed
            /// It is done, and there is more to say of it than what is printed of others.
            case isDone
            /// A line of a list is no such line.
            case isMalformed
        }

        /// Counted from the first name of the bundle.
        package var index: Int
        package var reason: Reason
        package var inputBytes: UInt64 = 0
        package var outputBytes: UInt64 = 0
        package var metadataErrno: Int32?
        /// Why it has failed.
        package var error: PoolmapError?
        /// What is printed before it, and behind the exception before it.
        package var before: DoneText
    }

    /// So many names were dealt with; those behind them are to be handed out again.
    package var count = 0
    package var inputBytes: UInt64 = 0
    package var outputBytes: UInt64 = 0
    package var nanoseconds: UInt64 = 0
    var exceptions: [Exception] = []
    /// What is printed behind the last exception.
    package var text = DoneText()

    package mutating func add(_ reason: Exception.Reason, _ index: Int) {
        exceptions.append(Exception(index: index, reason: reason, before: text))
        text = DoneText()
    }

    package mutating func add(_ error: PoolmapError, _ index: Int) {
        exceptions.append(Exception(index: index, reason: .hasFailed, error: error, before: text))
        text = DoneText()
    }

    /// Adds a file whose target lacks something.
    package mutating func add(_ summary: JobSummary, _ index: Int) {
        exceptions.append(
            Exception(
                index: index, reason: .isDone, inputBytes: summary.inputBytes, outputBytes: summary.outputBytes,
                metadataErrno: summary.metadataErrno, before: text))
        text = DoneText()
    }
}

extension BundleOutcome.Exception {
    /// What came of a file that was begun; nil for any other.
    package var result: Result<JobSummary, PoolmapError>? {
        if let error { return .failure(error) }
        guard reason == .isDone else { return nil }
        return .success(JobSummary(inputBytes: inputBytes, outputBytes: outputBytes, metadataErrno: metadataErrno))
    }
}

extension DoneText: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        output = try message.nextArray()
        notes = try message.nextArray()
        count = try message.next()
    }

    package func write(to message: inout MessageWriter) {
        message.add(each: output)
        message.add(each: notes)
        message.add(count)
    }
}

extension BundleOutcome: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        count = try message.next()
        inputBytes = try message.next()
        outputBytes = try message.next()
        nanoseconds = try message.next()
        exceptions = try message.nextList { (message) throws(PoolmapError) in try Exception(from: &message) }
        text = try DoneText(from: &message)
    }

    package func write(to message: inout MessageWriter) {
        message.add(count)
        message.add(inputBytes)
        message.add(outputBytes)
        message.add(nanoseconds)
        message.add(list: exceptions) { $0.write(to: &$1) }
        text.write(to: &message)
    }
}

extension BundleOutcome.Exception: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        index = try message.next()
        reason = try message.next()
        inputBytes = try message.next()
        outputBytes = try message.next()
        metadataErrno = try message.next()
        error = try message.nextOptional()
        before = try DoneText(from: &message)
    }

    package func write(to message: inout MessageWriter) {
        message.add(index)
        message.add(reason)
        message.add(inputBytes)
        message.add(outputBytes)
        message.add(metadataErrno)
        message.add(optional: error)
        before.write(to: &message)
    }
}
