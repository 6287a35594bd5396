import CZstd
import Ground
import SeekableZstd

/// How large a window may be that a frame needs.
struct WindowLimit {
    let bytes: UInt64
    /// Whether it holds also where a whole frame is in memory, which needs none.
    let isForAll: Bool

    /// The largest that libzstd knows.
    private static let mostBytes: UInt64 = 1 << 31
    fileprivate static let isUnheardOf = PoolmapError(
        .unsupported, "a frame needs a window of more than 2 GiB of memory")

    /// Throws if the frame that begins with `bytes` needs a larger one.
    func check(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        guard let window = FrameHead(bytes, at: 0)?.windowBytes, window > min(self.bytes, WindowLimit.mostBytes) else {
            return
        }
        guard window <= WindowLimit.mostBytes else { throw WindowLimit.isUnheardOf }
        let log = UInt64.bitWidth - (window - 1).leadingZeroBitCount
        let memory = "--memory=\((window + (1 << 20) - 1) >> 20)M"
        throw PoolmapError(
            .unsupported,
            "a frame needs a window of \(window) bytes of memory, and \(self.bytes) are allowed: use \(isForAll ? memory : "--long=\(log) or \(memory)")"
        )
    }
}

/// A decompression context of libzstd.
///
/// Used by one process.
struct Decompressor: ~Copyable {
    private let context: OpaquePointer
    private let limit: WindowLimit
    private let dictionary: ZstdDictionary?
    /// What the frame names that is decompressed; 0 for none.
    private var namedDictionary: UInt32 = 0

    /// - Parameters:
    ///   - limit: frames that need a larger window are refused when they are decompressed as a stream, where the window
    ///     is memory of its own.
    ///   - dictionary: for frames that name it, or none.
    init(_ limit: WindowLimit, dictionary: ZstdDictionary? = nil) throws(PoolmapError) {
        guard let context = ZSTD_createDCtx() else {
            throw PoolmapError(.outOfMemory, "no memory for a decompression context")
        }
        // The limit is held against each frame here, to the byte, which libzstd rounds to a power of two.
        _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 31)
        if let bytes = dictionary?.bytes,
            ZSTD_isError(ZSTD_DCtx_loadDictionary(context, bytes.baseAddress, bytes.count)) != 0
        {
            ZSTD_freeDCtx(context)
            throw PoolmapError(.outOfMemory, "no memory for the dictionary")
        }
        self.context = context
        self.limit = limit
        self.dictionary = dictionary
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Decompresses one whole frame; returns the number of bytes of content.
    mutating func decompress(
        _ frame: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> Int {
        let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
        try check(length)
        guard length == frame.count else {
            throw PoolmapError(.damaged, "a frame has \(length) bytes where the seek table says \(frame.count)")
        }
        if limit.isForAll { try limit.check(frame) }
        try requireDictionary(of: frame)
        let result = ZSTD_decompressDCtx(
            context, content.baseAddress, content.count, frame.baseAddress, frame.count)
        try check(result)
        return result
    }

    /// Begins a frame that comes in pieces, the first of which has all of its header; forgets the one before.
    mutating func beginStream(_ firstPiece: UnsafeRawBufferPointer) throws(PoolmapError) {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        try limit.check(firstPiece)
        try requireDictionary(of: firstPiece)
    }

    /// Decompresses a piece of a frame as a stream.
    ///
    /// Returns how much of `piece` was used, how much content was made, and whether the frame has ended with it.
    mutating func decompressPiece(
        _ piece: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> (used: Int, made: Int, isAtEnd: Bool) {
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
        var output = ZSTD_outBuffer(dst: content.baseAddress, size: content.count, pos: 0)
        let result = ZSTD_decompressStream(context, &output, &input)
        try check(result)
        return (input.pos, output.pos, result == 0)
    }

    /// Throws if the frame names another dictionary than there is; libzstd would not say which.
    private mutating func requireDictionary(of frame: UnsafeRawBufferPointer) throws(PoolmapError) {
        namedDictionary = ZSTD_getDictID_fromFrame(frame.baseAddress, frame.count)
        guard namedDictionary != 0, namedDictionary != dictionary?.id else { return }
        let need = "needs the dictionary \(namedDictionary)"
        guard let dictionary else {
            throw PoolmapError(.unsupported, "\(need): name its file with -D")
        }
        let other = dictionary.id == 0 ? "has no number" : "is \(dictionary.id)"
        throw PoolmapError(.unsupported, "\(need), and \(dictionary.path) \(other)")
    }

    private func check(_ result: Int) throws(PoolmapError) {
        guard ZSTD_isError(result) != 0 else { return }
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_checksum_wrong:
            throw damaged("the content does not match its checksum")
        case ZSTD_error_dstSize_tooSmall:
            throw damaged("there is more content than the sizes in the file say")
        case ZSTD_error_frameParameter_windowTooLarge: throw WindowLimit.isUnheardOf
        case ZSTD_error_memory_allocation:
            throw PoolmapError(.outOfMemory, "no memory for a frame's window")
        case ZSTD_error_dictionary_corrupted where dictionary == nil:
            // The first block goes on with tables that nothing before it has.
            throw PoolmapError(.damaged, "damaged, or made with a dictionary that it does not name: try -D FILE")
        default:
            throw damaged("damaged: \(zstdErrorName(result))")
        }
    }

    /// Damage of a frame that names no dictionary can be another dictionary, too.
    private func damaged(_ message: String) -> PoolmapError {
        guard let dictionary, namedDictionary == 0 else { return PoolmapError(.damaged, message) }
        return PoolmapError(.damaged, "\(message), or \(dictionary.path) is not its dictionary")
    }
}
