import CZstd

/// A compression context of libzstd, with fixed options.
///
/// Used by one process; each call makes one whole frame.
struct Compressor: ~Copyable {
    private let context: OpaquePointer
    private let hasChecksums: Bool

    /// Throws when libzstd has no memory, or refuses a parameter.
    init(_ options: CompressionOptions) throws(PoolmapError) {
        guard let context = ZSTD_createCCtx() else {
            throw PoolmapError(.outOfMemory, "no memory for a compression context")
        }
        var parameters = [
            (ZSTD_c_compressionLevel, options.level), (ZSTD_c_checksumFlag, options.hasChecksums ? 1 : 0),
        ]
        if let windowLog = options.longWindowLog {
            parameters += [(ZSTD_c_enableLongDistanceMatching, 1), (ZSTD_c_windowLog, windowLog)]
        }
        for (parameter, value) in parameters {
            let result = ZSTD_CCtx_setParameter(context, parameter, Int32(clamping: value))
            if ZSTD_isError(result) != 0 {
                ZSTD_freeCCtx(context)
                throw PoolmapError(.invalidOption, zstdErrorName(result))
            }
        }
        self.context = context
        self.hasChecksums = options.hasChecksums
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    /// Compresses `content` into `frame`, which has room for `Compressor.bound(of:)` bytes; returns what is used of it.
    mutating func compress(
        _ content: UnsafeRawBufferPointer, into frame: UnsafeMutableRawBufferPointer
    ) throws(PoolmapError) -> CompressedFrame {
        let result = ZSTD_compress2(context, frame.baseAddress, frame.count, content.baseAddress, content.count)
        if ZSTD_isError(result) != 0 {
            throw PoolmapError(.failed, "compression failed: \(zstdErrorName(result))")
        }
        let used = UnsafeRawBufferPointer(rebasing: frame[..<result])
        return CompressedFrame(
            compressedBytes: result, contentBytes: content.count,
            contentChecksum: hasChecksums ? used.trailingChecksum : nil,
            frameChecksum: hasChecksums ? CRC32C.checksum(of: used) : nil)
    }

    /// The most bytes that a frame of so much content can have.
    static func bound(of contentBytes: Int) -> Int {
        ZSTD_compressBound(contentBytes)
    }
}

/// What a worker says of a frame that it has made.
struct CompressedFrame: Codable {
    var compressedBytes: Int
    var contentBytes: Int
    /// The low 32 bits of the XXH64 of the content; nil without checksums.
    var contentChecksum: UInt32?
    /// The CRC-32C of the compressed bytes; nil without checksums.
    var frameChecksum: UInt32?
}

func zstdErrorName(_ result: Int) -> String {
    String(cString: ZSTD_getErrorName(result))
}

extension UnsafeRawBufferPointer {
    /// The content checksum that stands at the end of a frame which has one.
    var trailingChecksum: UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
    }
}
