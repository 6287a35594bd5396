import Files
import Ground

/// The most content that a run may make from each input, whatever the input claims.
package struct OutputLimit: Sendable {
    /// The most bytes; nil for no limit.
    package var bytes: UInt64?
    /// The most bytes for each byte of the input; nil for no limit.
    package var ratio: UInt64?

    /// Creates a limit that allows everything.
    package init() {}

    var isSet: Bool { bytes != nil || ratio != nil }
}

/// The limit of one input.
///
/// The length of a pipe is unknown before its end. Until then the bytes read so far count, and only once there is so
/// much content that it matters: content often begins with data that compresses better than the rest.
struct ContentLimit {
    private let limit: OutputLimit
    /// The size of a regular file.
    private let byteCount: UInt64?
    /// How much content a pipe may always produce before its end.
    private static let bytesOfPipe: UInt64 = 64 << 20

    init(_ limit: OutputLimit, _ input: InputFile) {
        self.limit = limit
        byteCount = input.isRegular ? input.byteCount : nil
    }

    var isSet: Bool { limit.isSet }

    /// Throws if there is more content than allowed.
    ///
    /// - Parameters:
    ///   - contentBytes: the content up to some point; nil if it is too much to count.
    ///   - readBytes: how much was read from a pipe.
    func check(_ contentBytes: UInt64?, readBytes: UInt64 = 0, isAtEnd: Bool = false) throws(PoolmapError) {
        if let most = limit.bytes, contentBytes.map({ $0 > most }) ?? true {
            throw PoolmapError(
                .tooLarge, "has more than \(most) bytes of content, the limit of --max-output")
        }
        guard let ratio = limit.ratio else { return }
        var (most, overflowed) = (byteCount ?? readBytes).multipliedReportingOverflow(by: ratio)
        if byteCount == nil, !isAtEnd {
            most = max(most, ContentLimit.bytesOfPipe)
        }
        if !overflowed, contentBytes.map({ $0 > most }) ?? true {
            throw PoolmapError(
                .tooLarge, "has content of more than \(ratio) times its size, the limit of --max-ratio")
        }
    }
}
