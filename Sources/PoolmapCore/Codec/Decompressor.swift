import CZstd

/// A decompression context of libzstd.
///
/// Used by one process.
struct Decompressor: ~Copyable {
    private let context: OpaquePointer

    /// - Parameter maximumWindowLog: frames that need a larger window are refused when they are decompressed as a
    ///   stream, where the window is memory of its own; nil for libzstd's limit of 27 (128 MiB).
    init(maximumWindowLog: Int? = nil) throws(PoolmapError) {
        guard let context = ZSTD_createDCtx() else {
            throw PoolmapError(.outOfMemory, "no memory for a decompression context")
        }
        if let maximumWindowLog {
            _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(clamping: maximumWindowLog))
        }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Decompresses one whole frame; returns the number of bytes of content.
    mutating func decompress(
        _ frame: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> Int {
        let length = ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count)
        try Decompressor.check(length)
        guard length == frame.count else {
            throw PoolmapError(.damaged, "a frame has \(length) bytes where the seek table says \(frame.count)")
        }
        let result = ZSTD_decompressDCtx(
            context, content.baseAddress, content.count, frame.baseAddress, frame.count)
        try Decompressor.check(result)
        return result
    }

    /// Forgets a frame that was begun as a stream.
    mutating func beginStream() {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
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
        try Decompressor.check(result)
        return (input.pos, output.pos, result == 0)
    }

    private static func check(_ result: Int) throws(PoolmapError) {
        guard ZSTD_isError(result) != 0 else { return }
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_checksum_wrong:
            throw PoolmapError(.damaged, "the content does not match its checksum")
        case ZSTD_error_dstSize_tooSmall:
            throw PoolmapError(.damaged, "there is more content than the sizes in the file say")
        case ZSTD_error_frameParameter_windowTooLarge:
            throw PoolmapError(.unsupported, "the window is too large for the default limit of memory: use --long=31")
        case ZSTD_error_memory_allocation:
            throw PoolmapError(.outOfMemory, "no memory for a frame's window")
        case ZSTD_error_dictionary_wrong:
            throw PoolmapError(.unsupported, "a frame needs a dictionary")
        default:
            throw PoolmapError(.damaged, "damaged: \(zstdErrorName(result))")
        }
    }
}
