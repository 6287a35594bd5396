import Glibc
import Multiprocessing

/// What is done with each name of a bundle.
///
/// Workers have it from their birth; the front does by it what a worker leaves to it.
protocol BundleOperation: AnyObject {
    /// Does a name, and adds to the outcome what came of it.
    func perform(
        _ name: UnsafeRawBufferPointer, _ index: Int, of bundle: NameBundle, _ note: CommitNote?, _ files: FileRunner,
        into outcome: inout BundleOutcome)
    /// The content of the file of a name, in bytes, as far as one can see without opening it.
    func byteCount(of name: UnsafeRawBufferPointer) -> UInt64
}

/// Finds and does the files of a bundle of names, or checks them by lines of a list, one after the other.
final class NameWork: Operation {
    private let operation: (any BundleOperation)?
    private let files: FileRunner

    /// - Parameter operation: nil where none are handed out.
    init(_ operation: (any BundleOperation)?, _ files: FileRunner) {
        self.operation = operation
        self.files = files
    }

    func perform(
        _ bundle: NameBundle, _ shared: [SharedDescriptor], _ hands: Hands
    ) throws(PoolmapError) -> BundleOutcome {
        guard let operation else { throw PoolmapError(.failed, "nobody has asked for names") }
        let start = monotonicNanoseconds()
        var outcome = BundleOutcome()
        files.begin()
        bundle.forEach { index, name in
            if let most = bundle.mostBytes, outcome.inputBytes + operation.byteCount(of: name) > most { return false }
            // What another worker may have noted of the name before it was killed.
            let note = bundle.firstNote.flatMap { hands.areas.note($0 + index, ofBundle: bundle.generation) }
            operation.perform(name, index, of: bundle, note, files, into: &outcome)
            outcome.count = index + 1
            outcome.nanoseconds = monotonicNanoseconds() - start
            return outcome.nanoseconds < BundleSize.wantedNanoseconds
        }
        files.end()
        return outcome
    }

    static func results(of done: BundleOutcome) -> [PieceResult] { [PieceResult(text: .null)] }
}

/// What compress, decompress, test and hash do with a name: they find the file as the front would, and do it whole.
final class FileOperation: BundleOperation {
    private let items: any ItemSource
    private let settings: RunSettings
    private let format: DoneFormat

    init(_ items: any ItemSource, _ settings: RunSettings, _ format: DoneFormat) {
        self.items = items
        self.settings = settings
        self.format = format
    }

    func byteCount(of name: UnsafeRawBufferPointer) -> UInt64 {
        FileStatus(ofPath: FileName.text(of: name))?.byteCount ?? 0
    }

    func perform(
        _ name: UnsafeRawBufferPointer, _ index: Int, of bundle: NameBundle, _ note: CommitNote?, _ files: FileRunner,
        into outcome: inout BundleOutcome
    ) {
        let step = items.item(name, of: bundle)
        // An empty line of a list.
        guard let step else { return }
        guard case .item(let input, let target, let file?) = step,
            var work = settings.fileWork(file, target, isFound: bundle.origin.treeOffset != nil)
        else { return outcome.add(.isForFront, index) }
        if case .file(let path) = target {
            work.target = Place(path: path, root: file.targetRoot)
        }
        switch files.run(work, note).outcome {
        case .isForFront: outcome.add(.isForFront, index)
        case .failed(let error): outcome.add(error, index)
        case .done(let summary):
            outcome.inputBytes += summary.inputBytes
            outcome.outputBytes += summary.outputBytes
            if summary.metadataErrno != nil { return outcome.add(summary, index) }
            format.add(input, summary, to: &outcome.text)
        }
    }
}

/// How it is said what came of an input: in a worker, or in the front.
package struct DoneFormat {
    /// Lines for standard output.
    package var output: ((Input, JobSummary) -> [UInt8])?
    /// Lines for standard error.
    package var notes: ((Input, JobSummary) -> [UInt8])?

    /// Says nothing.
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
