import Files
import Ground
import Run
import SystemPackage

/// The inputs of a run with their targets, each found when its turn comes.
package protocol ItemSource: AnyObject {
    /// The next one; does not block.
    func next() -> ItemStep
    /// The names of the next ones, at most so many, where each is an item of its own that a worker can find out as well;
    /// nil where `next` is to be asked.
    func nextNames(atMost most: Int) -> NameBundle?
    /// The item of such a name; nil for none.
    func item(_ name: UnsafeRawBufferPointer, of bundle: NameBundle) -> ItemStep?
    /// False where it is sure that `next` has no other.
    var hasMore: Bool { get }
    /// Where the files are that small items are done by, whole, by their names.
    var reach: NameReach { get }
}

extension ItemSource {
    /// Files of any name are read, and none is written.
    package var reach: NameReach { .reading }
    /// Each is found by the front.
    package func nextNames(atMost most: Int) -> NameBundle? { nil }
    package func item(_ name: UnsafeRawBufferPointer, of bundle: NameBundle) -> ItemStep? { nil }
}

/// What an `ItemSource` has next.
package enum ItemStep {
    /// An input; `file` says what is known of it, where it was found by its name.
    case item(Input, Target, file: FoundFile?)
    /// An input that is not to be read, and why.
    case refused(Input, PoolmapError)
    /// Nothing before a list of names goes on.
    case waitForInput(FileDescriptor)
    /// Nothing before an earlier one has been reported; there must be one.
    case waitForReport
    /// Nothing any more.
    case end
}
