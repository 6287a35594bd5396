import Files
import Ground

/// How much content a run may make of each input, whatever the input says of itself.
package struct OutputLimit: Sendable {
    /// The most bytes; nil for any number.
    package var bytes: UInt64?
    /// The most bytes for each byte of the input; nil for any number.
    package var ratio: UInt64?

    /// A limit that nothing exceeds.
    package init() {}

    var isSet: Bool { bytes != nil || ratio != nil }
}

/// The limit of one input.
///
/// How long a pipe is nobody knows before its end. Until then what has been read of it counts, and only where there is
/// so much content that it matters: content often begins with what compresses better than the rest.
struct ContentLimit {
    private let limit: OutputLimit
    /// The size of a regular file.
    private let byteCount: UInt64?
    /// So much any pipe may come to before its end.
    private static let bytesOfPipe: UInt64 = 64 << 20

    init(_ limit: OutputLimit, _ input: InputFile) {
        self.limit = limit
        byteCount = input.isRegular ? input.byteCount : nil
    }

    var isSet: Bool { limit.isSet }

    /// Throws if there is more content than there may be.
    ///
    /// - Parameters:
    ///   - contentBytes: all content up to some place; nil where it is more than can be counted.
    ///   - readBytes: what has been read of a pipe.
    func check(_ contentBytes: UInt64?, readBytes: UInt64 = 0, isAtEnd: Bool = false) throws(PoolmapError) {
        if let most = limit.bytes, contentBytes.map({ $0 > most }) ?? true {
            throw PoolmapError(
                .tooLarge, "has more than \(most) bytes of content, which is all that --max-output allows")
        }
        guard let ratio = limit.ratio else { return }
        var (most, overflowed) = (byteCount ?? readBytes).multipliedReportingOverflow(by: ratio)
        if byteCount == nil, !isAtEnd {
            most = max(most, ContentLimit.bytesOfPipe)
        }
        if !overflowed, contentBytes.map({ $0 > most }) ?? true {
            throw PoolmapError(
                .tooLarge, "has more than \(ratio) times as much content as it is long, and --max-ratio allows no more")
        }
    }
}
