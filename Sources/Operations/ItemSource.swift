import Files
import Ground
import Run
import SystemPackage

/// The inputs of a run with their targets, each found when its turn comes.
package protocol ItemSource: AnyObject {
    /// The next step; does not block.
    func next() -> ItemStep
    /// The next names, at most `most`, if each is an item of its own that a worker can find as well; nil if `next` is
    /// to be called instead.
    func nextNames(atMost most: Int) -> NameBundle?
    /// The item of such a name; nil if it is none.
    func item(_ name: UnsafeRawBufferPointer, of bundle: NameBundle) -> ItemStep?
    /// False only if `next` certainly has no more items.
    var hasMore: Bool { get }
    /// The folders of the files that workers open by name.
    var reach: NameReach { get }
}

extension ItemSource {
    /// Files anywhere are read, and none is written.
    package var reach: NameReach { .reading }
    /// Every item is found by the front.
    package func nextNames(atMost most: Int) -> NameBundle? { nil }
    package func item(_ name: UnsafeRawBufferPointer, of bundle: NameBundle) -> ItemStep? { nil }
}

/// The next step of an `ItemSource`.
package enum ItemStep {
    /// An input; `file` has what is known about it if it was found by name.
    case item(Input, Target, file: FoundFile?)
    /// An input that must not be read, and why.
    case refused(Input, PoolmapError)
    /// Nothing until there is more of a list of names.
    case waitForInput(FileDescriptor)
    /// Nothing until an earlier item has been reported; there must be one.
    case waitForReport
    /// No more items.
    case end
}
