import Files
import CZstd

/// How to compress, in Zstandard's terms.
///
/// The options and the input together determine every byte of the output.
package struct CompressionOptions: Sendable {
    /// The level: 1 (fast) to 22 (small), or -1 and below for the fast levels of `zstd --fast`; 0 means 3.
    package var level: Int
    /// The window size as a power of two, with long-distance matching; nil for the level's own window without it.
    package var longWindowLog: Int?
    /// Whether content and compressed bytes have checksums.
    package var hasChecksums: Bool
    /// The content size of each frame but the last, in bytes; with `isRsyncable`, the maximum; nil for one that suits
    /// the level.
    package var requestedChunkBytes: Int?
    /// Whether chunk borders depend on the content, so that a change of the input changes few frames.
    package var isRsyncable = false
    /// Advanced parameters, in the order given.
    package var parameters: [(CompressionParameter, value: Int)] = []
    /// The dictionary to compress with, which decompression needs too; nil for none.
    package var dictionary: ZstdDictionary?
    /// Whether frames name the dictionary that they need.
    package var namesDictionary = true
    /// The size that standard input must have; nil for any.
    package var streamBytes: UInt64?
    /// The part of each input to compress; nil for all of it.
    package var part: Part?
    /// Whether workers return the checksums that a journal needs; the only option that does not affect the output.
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

    /// The version of libzstd, which affects the output too.
    package static var libzstdVersion: String { String(cString: ZSTD_versionString()) }
    /// The levels that libzstd knows.
    package static let levels = Int(ZSTD_minCLevel())...Int(ZSTD_maxCLevel())
    /// The window sizes for long-distance matching, as powers of two.
    package static let longWindowLogs = 10...Int(ZSTD_cParam_getBounds(ZSTD_c_windowLog).upperBound)
    /// The chunk sizes in bytes; a seek table cannot record larger ones.
    package static let chunkSizes = 1024...1 << 30

    /// The rule for borders that depend on the content; nil if only the length counts.
    var borders: ContentBorders? {
        isRsyncable ? ContentBorders(mostBytes: chunkBytes) : nil
    }

    /// The content size of each frame but the last, in bytes; with `isRsyncable`, the maximum.
    ///
    /// A chunk starts without the history that a single frame would have, so it must be long compared with the level's
    /// window. Measured on the Linux source: 8 MiB at level 3 makes 0.4 % more output than a single frame, 4 MiB 1.1 %,
    /// 1 MiB 4.7 %.
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

    /// The window size requested, as a power of two; `--zstd=` overrides `--long`, as it does for zstd.
    private var windowLog: Int? {
        setParameters.first { $0.0 == .windowLog }?.value ?? longWindowLog
    }

    /// Everything besides the input that affects the output, as `name=value`; parts of one file must agree on it.
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

    /// Whether workers return the checksum of each frame.
    var tellsFrameChecksums: Bool { hasChecksums || isJournaled || part != nil }

    /// The parameters in effect: the last value of each, without zeros, which leave a parameter to the level.
    ///
    /// The overlap of libzstd's own threads has no effect here.
    var setParameters: [(CompressionParameter, value: Int)] {
        CompressionParameter.allCases.compactMap { parameter in parameters.last { $0.0 == parameter } }
            .filter { $0.value != 0 && $0.0 != .overlapLog }
    }
}
