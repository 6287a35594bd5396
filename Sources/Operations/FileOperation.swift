import Files
import Ground
import Run

/// Finds the file of a name as the front would and processes it whole, for compress, decompress, test and hash.
package final class FileOperation: BundleOperation {
    private let items: any ItemSource
    private let settings: RunSettings
    private let format: DoneFormat

    package init(_ items: any ItemSource, _ settings: RunSettings, _ format: DoneFormat) {
        self.items = items
        self.settings = settings
        self.format = format
    }

    package func byteCount(of name: UnsafeRawBufferPointer) -> UInt64 {
        FileStatus(ofPath: FileName.text(of: name))?.byteCount ?? 0
    }

    package func perform(
        _ name: UnsafeRawBufferPointer, _ index: Int, of bundle: NameBundle, _ note: CommitNote?,
        _ files: any WholeFilePerformer,
        into outcome: inout BundleOutcome
    ) {
        let step = items.item(name, of: bundle)
        // An empty line of a list.
        guard let step else { return }
        guard case .item(let input, let target, let file?) = step,
            var work = settings.fileWork(file, target, isFound: bundle.origin.treeOffset != nil)
        else { return outcome.add(.isForFront, index) }
        work.found = file.status
        if case .file(let path) = target {
            work.target = Place(path: path, root: file.targetRoot)
        }
        switch files.run(work, note).outcome {
        case .isForFront: outcome.add(.isForFront, index)
        case .failed(let error): outcome.add(error, index)
        case .done(var summary):
            summary.ordinal = bundle.ordinal(at: index)
            outcome.inputBytes += summary.inputBytes
            outcome.outputBytes += summary.outputBytes
            if summary.metadataErrno != nil { return outcome.add(summary, index) }
            format.add(input, summary, to: &outcome.text)
        }
    }
}

/// The text printed about an input that is done, in a worker or in the front.
package struct DoneFormat {
    /// Lines for standard output.
    package var output: ((Input, JobSummary) -> [UInt8])?
    /// Lines for standard error.
    package var notes: ((Input, JobSummary) -> [UInt8])?

    /// Creates a format that prints nothing.
    package init() {}

    func add(_ input: Input, _ summary: JobSummary, to text: inout DoneText) {
        text.count += 1
        if let output {
            text.output += output(input, summary)
        }
        if let notes {
            text.notes += notes(input, summary)
        }
    }
}
