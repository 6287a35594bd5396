import Glibc

/// A frame that was small for its content, as that of a hole: the same bytes have the same content, which need not be made
/// again where nothing is written of it.
struct KnownFrame {
    private let bytes: [UInt8]
    let contentBytes: Int
    private let isZeros: Bool
    /// The CRC-32C of the content; nil where nobody has asked.
    let checksum: UInt32?

    /// nil where little is gained.
    ///
    /// - Parameter isZeros: whether nothing was written of the content, since all of it is a hole.
    init?(_ frame: UnsafeRawBufferPointer, contentBytes: Int, isZeros: Bool, checksum: UInt32?) {
        guard frame.count <= contentBytes >> 8 else { return nil }
        bytes = Array(frame)
        self.contentBytes = contentBytes
        self.isZeros = isZeros
        self.checksum = checksum
    }

    /// Whether it is this frame, and nothing is to be written of its content.
    ///
    /// - Parameter isWritten: whether content goes to a file, unless it is a hole.
    func serves(_ frame: UnsafeRawBufferPointer, isWritten: Bool) -> Bool {
        guard isZeros || !isWritten, frame.count == bytes.count, let base = frame.baseAddress else { return false }
        return memcmp(base, bytes, bytes.count) == 0
    }
}
