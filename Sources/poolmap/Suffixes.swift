import ArgumentParser

/// How names of compressed files end.
let compressedSuffixes = [".zst", ".tzst", ".zstd"]

/// How names of files end that hold compressed data, to `--exclude-compressed`: those that zstd has for it, and ours.
let suffixesOfCompressed =
    compressedSuffixes + [".gz", ".tgz", ".lzma", ".xz", ".txz", ".lz4", ".tlz4"]

extension CompletionKind {
    /// Names of files that one would restore.
    static var compressedFile: CompletionKind { .file(extensions: compressedSuffixes.map { String($0.dropFirst()) }) }
}
