import CZstd
import Ground
import SeekableZstd

/// The largest window that a frame may need.
struct WindowLimit {
    let bytes: UInt64
    /// Whether it also applies to a frame that is whole in memory, which needs no window.
    let isForAll: Bool

    /// The largest window that libzstd supports.
    private static let mostBytes: UInt64 = 1 << 31
    fileprivate static let isUnheardOf = PoolmapError(
        .unsupported, "a frame needs a window of more than 2 GiB")

    /// Throws if the frame that begins with `bytes` needs a larger window.
    func check(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        guard let window = FrameHead(bytes, at: 0)?.windowBytes, window > min(self.bytes, WindowLimit.mostBytes) else {
            return
        }
        guard window <= WindowLimit.mostBytes else { throw WindowLimit.isUnheardOf }
        let log = UInt64.bitWidth - (window - 1).leadingZeroBitCount
        let memory = "--memory=\((window + (1 << 20) - 1) >> 20)M"
        throw PoolmapError(
            .unsupported,
            "a frame needs a window of \(window) bytes (limit \(self.bytes)); use \(isForAll ? memory : "--long=\(log) or \(memory)")"
        )
    }
}

/// A decompression context of libzstd, used by one process.
struct Decompressor: ~Copyable {
    private let context: OpaquePointer
    private let limit: WindowLimit
    private let dictionary: ZstdDictionary?
    /// The ID of the dictionary that the current frame names; 0 for none.
    private var namedDictionary: UInt32 = 0

    /// - Parameters:
    ///   - limit: the largest window of a frame that is decompressed as a stream, where the window takes memory of its
    ///     own.
    ///   - dictionary: for frames that name it, or none.
    init(_ limit: WindowLimit, dictionary: ZstdDictionary? = nil) throws(PoolmapError) {
        guard let context = ZSTD_createDCtx() else {
            throw PoolmapError(.outOfMemory, "not enough memory for a decompression context")
        }
        // Each frame is checked against the limit here, to the byte; libzstd would round it to a power of two.
        _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 31)
        if let bytes = dictionary?.bytes,
            ZSTD_isError(ZSTD_DCtx_loadDictionary(context, bytes.baseAddress, bytes.count)) != 0
        {
            ZSTD_freeDCtx(context)
            throw PoolmapError(.outOfMemory, "not enough memory for the dictionary")
        }
        self.context = context
        self.limit = limit
        self.dictionary = dictionary
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Decompresses one whole frame; returns the size of its content.
    mutating func decompress(
        _ frame: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> Int {
        let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
        try check(length)
        guard length == frame.count else {
            throw PoolmapError(.damaged, "a frame has \(length) bytes, but the seek table says \(frame.count)")
        }
        if limit.isForAll { try limit.check(frame) }
        try requireDictionary(of: frame)
        let result = ZSTD_decompressDCtx(
            context, content.baseAddress, content.count, frame.baseAddress, frame.count)
        try check(result)
        return result
    }

    /// Begins a frame that arrives in pieces, the first of which has the whole header; drops an unfinished one.
    mutating func beginStream(_ firstPiece: UnsafeRawBufferPointer) throws(PoolmapError) {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        try limit.check(firstPiece)
        try requireDictionary(of: firstPiece)
    }

    /// Decompresses a piece of a frame as a stream.
    ///
    /// Returns how much of `piece` was used, how much content was made, and whether the frame ended.
    mutating func decompressPiece(
        _ piece: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> (used: Int, made: Int, isAtEnd: Bool) {
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
        var output = ZSTD_outBuffer(dst: content.baseAddress, size: content.count, pos: 0)
        let result = ZSTD_decompressStream(context, &output, &input)
        try check(result)
        return (input.pos, output.pos, result == 0)
    }

    /// Throws if the frame names another dictionary; libzstd's error would not say which.
    private mutating func requireDictionary(of frame: UnsafeRawBufferPointer) throws(PoolmapError) {
        namedDictionary = ZSTD_getDictID_fromFrame(frame.baseAddress, frame.count)
        guard namedDictionary != 0, namedDictionary != dictionary?.id else { return }
        let need = "needs dictionary \(namedDictionary)"
        guard let dictionary else {
            throw PoolmapError(.unsupported, "\(need); use -D FILE")
        }
        let other = dictionary.id == 0 ? "has no ID" : "is dictionary \(dictionary.id)"
        throw PoolmapError(.unsupported, "\(need), but \(dictionary.path) \(other)")
    }

    private func check(_ result: Int) throws(PoolmapError) {
        guard ZSTD_isError(result) != 0 else { return }
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_checksum_wrong:
            throw damaged("the content does not match its checksum")
        case ZSTD_error_dstSize_tooSmall:
            throw damaged("more content than the sizes in the file say")
        case ZSTD_error_frameParameter_windowTooLarge: throw WindowLimit.isUnheardOf
        case ZSTD_error_memory_allocation:
            throw PoolmapError(.outOfMemory, "not enough memory for a frame's window")
        case ZSTD_error_dictionary_corrupted where dictionary == nil:
            // The first block continues with tables that no earlier block has defined.
            throw PoolmapError(.damaged, "damaged, or compressed with a dictionary that it does not name; try -D FILE")
        default:
            throw damaged("damaged: \(zstdErrorName(result))")
        }
    }

    /// If a frame names no dictionary, apparent damage may also mean the wrong dictionary.
    private func damaged(_ message: String) -> PoolmapError {
        guard let dictionary, namedDictionary == 0 else { return PoolmapError(.damaged, message) }
        return PoolmapError(.damaged, "\(message), or \(dictionary.path) is the wrong dictionary")
    }
}
