/// How to treat existing targets, durability and inputs.
package struct OutputPolicy: Sendable {
    /// Replace an existing target.
    package var force = false
    /// Leave a target alone, with its timestamp, if its content would not change; replace it otherwise.
    package var keepsUnchanged = false
    /// Consider a target with the input's modification time complete, and leave it alone, unless the input is to be
    /// removed.
    package var leavesDone = false
    /// Sync a target to disk, including its name, before going on; implied by removing the input.
    package var syncs = false
    /// Remove the input once its output is complete.
    package var removesInput = false
    /// Where zeros become holes.
    package var sparse = SparseOutput.never

    /// A policy that replaces and removes nothing.
    package init() {}

    package var replaces: Bool { force || keepsUnchanged }
    package var isDurable: Bool { syncs || removesInput }
    /// Whether new files get holes for zeros.
    package var leavesHoles: Bool { sparse != .never }
}
