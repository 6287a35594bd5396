import Ground
import SystemPackage

/// What became of an input.
package struct JobSummary: Sendable {
    /// What was read, in bytes.
    package var inputBytes: UInt64 = 0
    /// What was made of it, in bytes.
    package var outputBytes: UInt64 = 0
    /// The target was there with this content, and was left alone.
    package var isUnchanged = false
    /// The digests of the content, in the order of the algorithms, where they were asked for.
    package var digests: [String] = []
    /// Why the target lacks the input's mode or times, or for root the owner; nil where it has them.
    package var metadataErrno: Int32?
    /// The input was to be removed, and is there still, since it is no regular file.
    package var isInputKept = false
    /// Which of all names of the run it has, from 0; nil where they are not counted.
    package var ordinal: UInt64?
    /// What of it was lost; nil but of a salvage, which no worker does whole.
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
    /// Why an input that was to be removed is there still; nil where it was not, or is gone.
    package static func inputKept(of summary: JobSummary) -> PoolmapError? {
        summary.isInputKept ? PoolmapError(.ignored, "is kept: --rm removes regular files only") : nil
    }

    /// What an input's target lacks; nil for nothing.
    package static func metadata(of summary: JobSummary) -> PoolmapError? {
        summary.metadataErrno.map {
            PoolmapError(
                .metadata, "the mode, owner or times of its target could not be set", errno: Errno(rawValue: $0))
        }
    }
}
