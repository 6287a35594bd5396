import Files
import Glibc
import Ground
import Multiprocessing

/// What is done with each name of a bundle.
///
/// Workers inherit it at the fork; the front uses its own for names that workers leave to it.
package protocol BundleOperation: AnyObject {
    /// Processes a name and adds the result to the outcome.
    func perform(
        _ name: UnsafeRawBufferPointer, _ index: Int, of bundle: NameBundle, _ note: CommitNote?,
        _ files: any WholeFilePerformer,
        into outcome: inout BundleOutcome)
    /// The size of a name's file in bytes, as far as it is known without opening the file.
    func byteCount(of name: UnsafeRawBufferPointer) -> UInt64
}

/// Opens and processes the files of a bundle of names, or checks them by the lines of a list, one after the other.
package final class NameWork: Operation {
    private let operation: (any BundleOperation)?
    private let files: any WholeFilePerformer

    /// - Parameter operation: nil if no names are handed out.
    package init(_ operation: (any BundleOperation)?, _ files: any WholeFilePerformer) {
        self.operation = operation
        self.files = files
    }

    package func perform(
        _ bundle: NameBundle, _ shared: [SharedDescriptor], _ hands: Hands
    ) throws(PoolmapError) -> BundleOutcome {
        guard let operation else { throw PoolmapError(.failed, "internal error: names were not requested") }
        let start = monotonicNanoseconds()
        var outcome = BundleOutcome()
        files.begin()
        bundle.forEach { index, name in
            if let most = bundle.mostBytes, outcome.inputBytes + operation.byteCount(of: name) > most { return false }
            // Another worker may have left a note of this name before it was killed.
            let note = bundle.firstNote.flatMap { hands.areas.note($0 + index, ofBundle: bundle.generation) }
            operation.perform(name, index, of: bundle, note, files, into: &outcome)
            outcome.count = index + 1
            outcome.nanoseconds = monotonicNanoseconds() - start
            return outcome.nanoseconds < bundle.wantedNanoseconds
        }
        files.end()
        return outcome
    }

    package static func results(of done: BundleOutcome) -> [PieceResult] { [PieceResult(text: .null)] }
}
