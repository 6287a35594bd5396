import Ground
import SeekableZstd

/// Frames made by hand from raw and RLE blocks, so that no compressor is needed.
package enum HandMade {
    /// A block that holds `content` as it is.
    package static func rawBlock(_ content: [UInt8], isLast: Bool) -> [UInt8] {
        blockHeader(type: 0, size: content.count, isLast: isLast) + content
    }

    /// The three bytes before a block.
    package static func blockHeader(type: Int, size: Int, isLast: Bool) -> [UInt8] {
        let value = size << 3 | type << 1 | (isLast ? 1 : 0)
        return [UInt8(value & 255), UInt8(value >> 8 & 255), UInt8(value >> 16 & 255)]
    }

    /// The beginning of a frame with a window of 128 KiB, which no block can exceed, and no other header field.
    package static func frameStart(hasChecksum: Bool = false) -> [UInt8] {
        [0x28, 0xB5, 0x2F, 0xFD, hasChecksum ? 0x04 : 0x00, 7 << 3]
    }

    /// A single-segment data frame.
    ///
    /// Its checksum is wrong, but this layer does not check it.
    package static func dataFrame(_ content: [UInt8], hasChecksum: Bool) -> [UInt8] {
        var bytes: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, hasChecksum ? 0xA4 : 0xA0]
        bytes.append(littleEndian: UInt32(content.count))
        bytes += rawBlock(content, isLast: true)
        if hasChecksum {
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: content.count) ^ 0xABCD_EF01)
        }
        return bytes
    }

    /// A skippable frame.
    package static func skippable(_ nibble: UInt8, _ payload: [UInt8]) -> [UInt8] {
        SkippableFrame.prefix(nibble: nibble, frameBytes: payload.count + 8) + payload
    }

    /// A frame with a mark after its header.
    package static func marked(_ frame: [UInt8], _ mark: SectionMark = .equalChunks) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xFF, count: mark.byteCount) + frame
        bytes.withUnsafeMutableBytes { mark.insert(into: $0) }
        return bytes
    }

    /// A whole section with a data frame for each of `contents`.
    package static func section(
        hasChecksums: Bool, contents: [[UInt8]], mark: SectionMark = .equalChunks
    ) throws -> [UInt8] {
        var writer = SectionWriter()
        var bytes: [UInt8] = []
        for content in contents {
            var frame = dataFrame(content, hasChecksum: hasChecksums)
            if bytes.isEmpty { frame = marked(frame, mark) }
            try writer.add(describe(frame))
            bytes += frame
        }
        return bytes + writer.finish()
    }

    /// The description that a section needs of `frame`, a complete data frame made by hand or with a content size.
    package static func describe(_ frame: [UInt8]) throws -> DataFrame {
        try frame.withUnsafeBytes { try describe($0, info: FrameWalker.walk($0)) }
    }

    /// The description that a section needs of the frame in `bytes`.
    package static func describe(_ bytes: UnsafeRawBufferPointer, info: FrameInfo) -> DataFrame {
        DataFrame(
            compressedBytes: info.compressedBytes, contentBytes: info.contentBytes ?? info.contentBound,
            contentChecksum: info.contentChecksum, crc32c: CRC32C.checksum(of: bytes), mark: info.mark)
    }
}

/// Reads a file from its beginning like a decompressor, without decompressing.
///
/// It trusts the content size in the header of a data frame, so it cannot detect changed data frames in a section
/// without checksums.
@discardableResult
package func auditFile(_ file: [UInt8]) throws -> [FrameInfo] {
    try file.withUnsafeBytes { bytes in
        var auditor = SectionAuditor()
        var frames: [FrameInfo] = []
        var position = 0
        while position < bytes.count {
            let rest = bytes.bytes(in: position..<bytes.count)
            let frame = try FrameWalker.walk(rest, at: UInt64(position))
            let length = Int(frame.compressedBytes)
            if case .skippable(let nibble) = frame.kind {
                let wanted = auditor.bytesWanted(ofSkippable: nibble, frameBytes: frame.compressedBytes)
                try auditor.add(skippable: rest.bytes(in: 0..<wanted))
            } else {
                try auditor.add(HandMade.describe(rest.bytes(in: 0..<length), info: frame))
            }
            frames.append(frame)
            position += length
        }
        try auditor.finish()
        return frames
    }
}

/// The `bytes` with one bit changed, counted from the lowest of the first byte.
package func flip(bit: Int, of bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    return bytes
}

/// The `FormatError` that `body` throws; nil if it throws none.
package func formatError(_ body: () throws -> Void) -> FormatError? {
    do {
        try body()
        return nil
    } catch {
        return error as? FormatError
    }
}
