/// What is to be done with targets and inputs beside writing the one from the other.
package struct OutputPolicy: Sendable {
    /// An existing target is replaced.
    package var force = false
    /// A target with the content that it would get is left alone, with its time stamp; one with another is replaced.
    package var keepsUnchanged = false
    /// A target with the input's modification time is taken for whole, and left alone, unless the input is to be removed.
    package var leavesDone = false
    /// A target is on disk, name and all, before the run goes on; always so where the input is removed.
    package var syncs = false
    /// The input is removed when its output is whole.
    package var removesInput = false
    /// Where zeros become holes.
    package var sparse = SparseOutput.never

    /// Nothing is replaced or removed.
    package init() {}

    package var replaces: Bool { force || keepsUnchanged }
    package var isDurable: Bool { syncs || removesInput }
    /// Whether new files get holes for zeros.
    package var leavesHoles: Bool { sparse != .never }
}
