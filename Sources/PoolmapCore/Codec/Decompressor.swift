import CZstd

/// A decompression context of libzstd.
///
/// Used by one process.
struct Decompressor: ~Copyable {
    private let context: OpaquePointer
    private let dictionary: ZstdDictionary?
    /// What the frame names that is decompressed; 0 for none.
    private var namedDictionary: UInt32 = 0
    private var isAtStart = false

    /// - Parameters:
    ///   - maximumWindowLog: frames that need a larger window are refused when they are decompressed as a stream, where
    ///     the window is memory of its own; nil for libzstd's limit of 27 (128 MiB).
    ///   - dictionary: for frames that name it, or none.
    init(maximumWindowLog: Int? = nil, dictionary: ZstdDictionary? = nil) throws(PoolmapError) {
        guard let context = ZSTD_createDCtx() else {
            throw PoolmapError(.outOfMemory, "no memory for a decompression context")
        }
        if let maximumWindowLog {
            _ = ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(clamping: maximumWindowLog))
        }
        if let bytes = dictionary?.bytes,
            ZSTD_isError(ZSTD_DCtx_loadDictionary(context, bytes.baseAddress, bytes.count)) != 0
        {
            ZSTD_freeDCtx(context)
            throw PoolmapError(.outOfMemory, "no memory for the dictionary")
        }
        self.context = context
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
        try requireDictionary(of: frame)
        let result = ZSTD_decompressDCtx(
            context, content.baseAddress, content.count, frame.baseAddress, frame.count)
        try check(result)
        return result
    }

    /// Forgets a frame that was begun as a stream.
    mutating func beginStream() {
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        isAtStart = true
    }

    /// Decompresses a piece of a frame as a stream; the first has the header.
    ///
    /// Returns how much of `piece` was used, how much content was made, and whether the frame has ended with it.
    mutating func decompressPiece(
        _ piece: UnsafeRawBufferPointer, into content: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> (used: Int, made: Int, isAtEnd: Bool) {
        if isAtStart {
            try requireDictionary(of: piece)
            isAtStart = false
        }
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
        case ZSTD_error_frameParameter_windowTooLarge:
            throw PoolmapError(.unsupported, "the window is too large for the default limit of memory: use --long=31")
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
