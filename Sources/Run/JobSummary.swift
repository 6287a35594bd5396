import Ground
import SystemPackage

/// The result of a job that succeeded.
package struct JobSummary: Sendable {
    /// Bytes read.
    package var inputBytes: UInt64 = 0
    /// Bytes written.
    package var outputBytes: UInt64 = 0
    /// The target already had this content and was left alone.
    package var isUnchanged = false
    /// The requested digests of the content, in the order of the algorithms.
    package var digests: [String] = []
    /// Why the target lacks the input's mode or times, or for root its owner; nil if it has them all.
    package var metadataErrno: Int32?
    /// The input was to be removed but still exists, because it is not a regular file.
    package var isInputKept = false
    /// Its index among all names of the run, from 0; nil where names are not counted.
    package var ordinal: UInt64?
    /// What was lost; nil except for a salvage, which workers never do as whole files.
    package var salvage: SalvageSummary?

    package init(
        inputBytes: UInt64 = 0, outputBytes: UInt64 = 0, isUnchanged: Bool = false, digests: [String] = [],
        metadataErrno: Int32? = nil, isInputKept: Bool = false, salvage: SalvageSummary? = nil
    ) {
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
        self.isUnchanged = isUnchanged
        self.digests = digests
        self.metadataErrno = metadataErrno
        self.isInputKept = isInputKept
        self.salvage = salvage
    }
}

extension PoolmapError {
    /// Why an input that was to be removed still exists; nil if it was not to be removed, or is gone.
    package static func inputKept(of summary: JobSummary) -> PoolmapError? {
        summary.isInputKept ? PoolmapError(.ignored, "kept: --rm removes only regular files") : nil
    }

    /// What the target lacks of its input's metadata; nil if nothing.
    package static func metadata(of summary: JobSummary) -> PoolmapError? {
        summary.metadataErrno.map {
            PoolmapError(
                .metadata, "cannot set the mode, owner or times of its target", errno: Errno(rawValue: $0))
        }
    }
}
