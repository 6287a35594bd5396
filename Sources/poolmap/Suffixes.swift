/// How names of compressed files end.
let compressedSuffixes = [".zst", ".tzst", ".zstd"]

/// How names of files end that hold compressed data, to `--exclude-compressed`: those that zstd has for it, and ours.
let suffixesOfCompressed =
    compressedSuffixes + [".gz", ".tgz", ".lzma", ".xz", ".txz", ".lz4", ".tlz4"]
