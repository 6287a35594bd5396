import ArgumentParser

/// The suffixes of compressed files.
let compressedSuffixes = [".zst", ".tzst", ".zstd"]

/// The suffixes that `--exclude-compressed` skips: ours, and those that zstd skips.
let suffixesOfCompressed =
    compressedSuffixes + [".gz", ".tgz", ".lzma", ".xz", ".txz", ".lz4", ".tlz4"]

extension CompletionKind {
    /// Completes the names of compressed files.
    static var compressedFile: CompletionKind { .file(extensions: compressedSuffixes.map { String($0.dropFirst()) }) }
}
