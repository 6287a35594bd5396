import Files
import CZstd

/// How to compress, in Zstandard's terms.
///
/// Together with the input it decides every byte of the output.
package struct CompressionOptions: Sendable {
    /// The level: 1 (fast) to 22 (small), or -1 and below for the fast levels of `zstd --fast`; 0 means 3.
    package var level: Int
    /// The window as a power of two, with long-distance matching; nil for the level's own window without.
    package var longWindowLog: Int?
    /// Whether content and compressed bytes carry checksums.
    package var hasChecksums: Bool
    /// The content size of each frame but the last, in bytes, or with `isRsyncable` the most; nil for what suits the
    /// level.
    package var requestedChunkBytes: Int?
    /// Whether chunks are cut by what they hold, so that a change of the input changes few frames.
    package var isRsyncable = false
    /// What goes beyond the level, in the order in which it was said.
    package var parameters: [(CompressionParameter, value: Int)] = []
    /// What each frame is compressed with, and restored with; nil for nothing.
    package var dictionary: ZstdDictionary?
    /// Whether frames name the dictionary that they need.
    package var namesDictionary = true
    /// The size that standard input must have; nil for any.
    package var streamBytes: UInt64?
    /// The part of each input that is compressed; nil for all of it.
    package var part: Part?
    /// Whether a worker tells the checksums that a journal needs; the one option that decides no byte.
    var isJournaled = false

    /// The options of `zstd -3`.
    package init(
        level: Int = 3, longWindowLog: Int? = nil, hasChecksums: Bool = true, requestedChunkBytes: Int? = nil,
        isRsyncable: Bool = false
    ) {
        self.level = level
        self.longWindowLog = longWindowLog
        self.hasChecksums = hasChecksums
        self.requestedChunkBytes = requestedChunkBytes
        self.isRsyncable = isRsyncable
    }

    /// The version of libzstd, which decides the bytes too.
    package static var libzstdVersion: String { String(cString: ZSTD_versionString()) }
    /// The levels that libzstd knows.
    package static let levels = Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel())
    /// The window sizes for long-distance matching, as powers of two.
    package static let longWindowLogs = 10...Int(ZSTD_cParam_getBounds(ZSTD_c_windowLog).upperBound)
    /// The chunk sizes in bytes; a seek table cannot say more than the last.
    package static let chunkSizes = 1024...1 << 30

    /// How content is cut where not by length alone.
    var borders: ContentBorders? {
        isRsyncable ? ContentBorders(mostBytes: chunkBytes) : nil
    }

    /// The content size of each frame but the last, in bytes; with `isRsyncable` the most that one has.
    ///
    /// A chunk begins without the history that a single frame would have, so it must be long against the level's
    /// window. Measured on the Linux source: 8 MiB at level 3 makes 0.4 % more output than one frame for all, 4 MiB
    /// 1.1 %, 1 MiB 4.7 %.
    package var chunkBytes: Int {
        if let requestedChunkBytes {
            return requestedChunkBytes
        }
        let mebibytes =
            switch level {
            case ...8: 8
            case ...17: 16
            case ...19: 32
            case ...21: 64
            default: 128
            }
        return max(mebibytes << 20, windowLog.map { min(1 << $0, CompressionOptions.chunkSizes.upperBound) } ?? 0)
    }

    /// The window that was asked for, as a power of two: what `--zstd=` says counts before `--long`, as with zstd.
    private var windowLog: Int? {
        setParameters.first { $0.0 == .windowLog }?.value ?? longWindowLog
    }

    /// All that the bytes follow from beside the input, as `name=value`: parts of one file must have the same.
    var settings: [String] {
        [
            "level=\(level == 0 ? Int(ZSTD_defaultCLevel()) : level)",
            "long=\(longWindowLog ?? 0)", "chunk-size=\(chunkBytes)", "rsyncable=\(isRsyncable)",
            "check=\(hasChecksums)",
            "zstd=" + setParameters.map { "\($0.0.rawValue)=\($0.value)" }.joined(separator: ","),
            "dictionary=\(dictionary?.checksum ?? 0)", "dictID=\(dictionary == nil || namesDictionary)",
            "libzstd=\(CompressionOptions.libzstdVersion)", "revision=\(Compressor.revision)",
        ]
    }

    /// Whether a worker tells the checksum of each frame.
    var tellsFrameChecksums: Bool { hasChecksums || isJournaled || part != nil }

    /// The parameters that are set: of each the last value counts, and 0 leaves it to the level.
    ///
    /// The overlap of libzstd's own threads means nothing here.
    var setParameters: [(CompressionParameter, value: Int)] {
        CompressionParameter.allCases.compactMap { parameter in parameters.last { $0.0 == parameter } }
            .filter { $0.value != 0 && $0.0 != .overlapLog }
    }
}
