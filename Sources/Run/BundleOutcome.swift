import Ground

/// Text to print about inputs that are done.
package struct DoneText {
    /// For standard output, or for the file that replaces it.
    package var output: [UInt8] = []
    /// For standard error, with `-v`.
    package var notes: [UInt8] = []
    /// The number of inputs it covers.
    package var count = 0

    /// Creates an empty text.
    package init() {}

    var isEmpty: Bool { count == 0 && output.isEmpty && notes.isEmpty }
}

/// A worker's answer to a bundle.
package struct BundleOutcome {
    /// A name that was not done with the others, or needs a report of its own.
    package struct Exception {
        package enum Reason: UInt8, BitwiseCopyable {
            /// Left to the front: a link, a folder, a large file, a missing one, or any other unusual case.
            case isForFront
            /// It was started and failed.
            case hasFailed
            /// It is done, and needs more than the usual line of text.
            case isDone
            /// A line of a list has no valid form.
            case isMalformed
        }

        /// Its index in the bundle.
        package var index: Int
        package var reason: Reason
        package var inputBytes: UInt64 = 0
        package var outputBytes: UInt64 = 0
        package var metadataErrno: Int32?
        /// Why it failed.
        package var error: PoolmapError?
        /// Text to print before this exception and after the previous one.
        package var before: DoneText
    }

    /// How many names were dealt with; the rest must be handed out again.
    package var count = 0
    package var inputBytes: UInt64 = 0
    package var outputBytes: UInt64 = 0
    package var nanoseconds: UInt64 = 0
    var exceptions: [Exception] = []
    /// Text to print after the last exception.
    package var text = DoneText()

    package mutating func add(_ reason: Exception.Reason, _ index: Int) {
        exceptions.append(Exception(index: index, reason: reason, before: text))
        text = DoneText()
    }

    package mutating func add(_ error: PoolmapError, _ index: Int) {
        exceptions.append(Exception(index: index, reason: .hasFailed, error: error, before: text))
        text = DoneText()
    }

    /// Adds a file whose target lacks some of its metadata.
    package mutating func add(_ summary: JobSummary, _ index: Int) {
        exceptions.append(
            Exception(
                index: index, reason: .isDone, inputBytes: summary.inputBytes, outputBytes: summary.outputBytes,
                metadataErrno: summary.metadataErrno, before: text))
        text = DoneText()
    }
}

extension BundleOutcome.Exception {
    /// The result of a file that was started; nil for any other.
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
