import Glibc

/// A frame that is small for its content, such as that of a hole.
///
/// Equal bytes have equal content, so it need not be decompressed again if nothing is written of it.
struct KnownFrame {
    private let bytes: [UInt8]
    let contentBytes: Int
    private let isZeros: Bool
    /// The CRC-32C of the content; nil if not needed.
    let checksum: UInt32?

    /// nil if too little would be gained.
    ///
    /// - Parameter isZeros: whether nothing was written, because all of the content is a hole.
    init?(_ frame: UnsafeRawBufferPointer, contentBytes: Int, isZeros: Bool, checksum: UInt32?) {
        guard frame.count <= contentBytes >> 8 else { return nil }
        bytes = Array(frame)
        self.contentBytes = contentBytes
        self.isZeros = isZeros
        self.checksum = checksum
    }

    /// Whether `frame` is this frame and nothing needs to be written of its content.
    ///
    /// - Parameter isWritten: whether content other than holes goes to a file.
    func serves(_ frame: UnsafeRawBufferPointer, isWritten: Bool) -> Bool {
        guard isZeros || !isWritten, frame.count == bytes.count, let base = frame.baseAddress else { return false }
        return memcmp(base, bytes, bytes.count) == 0
    }
}
