import CZstd

@testable import SeekableZstd

/// Compressed files to start with.
enum Samples {
    static let text = Array(
        "What is compressed here is of no interest to anyone, but it has some repetition in it. ".utf8)

    /// A frame made by libzstd.
    static func frame(_ content: [UInt8], level: Int32 = 3, hasChecksum: Bool = true, hasSize: Bool = true) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, hasChecksum ? 1 : 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, hasSize ? 1 : 0)
        var bytes = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
        let count = ZSTD_compress2(context, &bytes, bytes.count, content, content.count)
        return Array(bytes.prefix(count))
    }

    static func skippable(_ nibble: UInt8, _ payload: [UInt8]) -> [UInt8] {
        SkippableFrame.prefix(nibble: nibble, frameBytes: payload.count + 8) + payload
    }

    /// A file of several chunks, as this program writes it.
    static func section(
        chunks: Int, chunkBytes: Int = 20, hasChecksums: Bool = true, mark: SectionMark = .equalChunks
    ) throws -> [UInt8] {
        var writer = SectionWriter()
        var bytes: [UInt8] = []
        for index in 0..<chunks {
            let content = Array(text.dropFirst(index).prefix(index == chunks - 1 ? 7 : chunkBytes))
            var frame = frame(content, hasChecksum: hasChecksums)
            if index == 0 { frame = marked(frame, mark) }
            try writer.add(frame.withUnsafeBytes { try DataFrame($0, contentBytes: UInt64(content.count)) })
            bytes += frame
        }
        return bytes + writer.finish()
    }

    private static func marked(_ frame: [UInt8], _ mark: SectionMark) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: mark.byteCount) + frame
        bytes.withUnsafeMutableBytes { mark.insert(into: $0) }
        return bytes
    }

    static func sectionTable(
        frames count: Int, hasChecksums: Bool = true, mark: SectionMark = .equalChunks
    ) throws -> [UInt8] {
        let file = try section(chunks: count, hasChecksums: hasChecksums, mark: mark)
        let seekTable = SeekTable.byteCount(rowCount: count + 1, hasChecksums: hasChecksums)
        return file.dropLast(seekTable).suffix(SectionTable.byteCount(frameCount: count, hasChecksums: hasChecksums))
    }

    /// A file from another program's seekable writer: no mark, and a table without checksums.
    static func seekable() -> [UInt8] {
        let frames = [frame(text), frame(Array(text.reversed()))]
        let rows = frames.map {
            SeekTable.Row(compressedBytes: UInt32($0.count), contentBytes: UInt32(text.count))
        }
        return frames[0] + frames[1] + SeekTable(rows: rows, hasChecksums: false).serialized()
    }

    /// A file like pzstd's: before each frame a skippable one with its length.
    static func pzstd() -> [UInt8] {
        [frame(text), frame(Array(text.prefix(9)))].flatMap { frame in
            var length: [UInt8] = []
            length.append(littleEndian: UInt32(frame.count))
            return skippable(0, length) + frame
        }
    }

    /// Intact files of all kinds, and a few damaged ones.
    static func files() throws -> [[UInt8]] {
        let whole = [
            frame([]), frame(text), frame(text, hasChecksum: false, hasSize: false),
            frame([UInt8](repeating: 7, count: 300_000)), frame(text) + frame(text),
            try section(chunks: 3), try section(chunks: 2, hasChecksums: false), seekable(), pzstd(),
            try section(chunks: 3, mark: .anyChunks),
            try section(chunks: 2) + section(chunks: 2), skippable(3, text) + frame(text),
        ]
        var damaged = try section(chunks: 4)
        damaged[100] ^= 0xFF
        return whole + [damaged, Array(whole[5].dropLast(30)), Array(whole[8].dropFirst(15)), text + whole[1] + text]
    }
}
