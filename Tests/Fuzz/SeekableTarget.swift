import CZstd

@testable import Ground
@testable import SeekableZstd

extension FuzzTarget {
    /// The reader of ranges, compared with libzstd's decoder of the whole.
    static let seekable = FuzzTarget(
        name: "seekable", mostBytes: 2048, leastEdges: 280,
        seeds: {
            let files = [
                try Samples.section(chunks: 3), try Samples.section(chunks: 2, hasChecksums: false), Samples.seekable(),
                withRowChecksums(),
            ]
            return files + files.map { Array($0.dropFirst()) }
        },
        run: { bytes in
            let file = Array(bytes)
            guard let reader = try? SeekableReader(fileBytes: UInt64(file.count), read: reads(of: file)) else { return }
            require(reader.frames.allSatisfy { $0.bytes.upperBound <= UInt64(file.count) }, "a frame behind the file")
            guard reader.contentBytes > 0 else { return }
            // A row can claim any size, but memory may be allocated only if the frame can have that much.
            let first = try? reader.content(in: 0..<1, read: reads(of: file))
            require(first?.count ?? 1 == 1, "\(first?.count ?? 0) bytes in place of one")
            guard reader.contentBytes <= 1 << 20,
                let all = try? reader.content(in: 0..<reader.contentBytes, read: reads(of: file))
            else { return }
            require(UInt64(all.count) == reader.contentBytes, "\(all.count) of \(reader.contentBytes) bytes")
            require(first == Array(all.prefix(1)), "another first byte")
            compareWithLibzstd(file, all)
        })

    private static func reads(of file: [UInt8]) -> SeekableReader.Read {
        { offset, count in Array(file[Int(offset)..<Int(offset) + count]) }
    }

    /// A file as the reference library writes it: checksums in the table, and none in the frames.
    private static func withRowChecksums() -> [UInt8] {
        let frame = Samples.frame(Samples.text, hasChecksum: false, hasSize: false)
        let checked = Samples.frame(Samples.text)
        let row = SeekTable.Row(
            compressedBytes: UInt32(frame.count), contentBytes: UInt32(Samples.text.count),
            checksum: checked.withBytes { $0.trailingChecksum })
        return frame + frame + SeekTable(rows: [row, row], hasChecksums: true).serialized()
    }

    private static func compareWithLibzstd(_ file: [UInt8], _ content: [UInt8]) {
        var whole = [UInt8](repeating: 0, count: content.count)
        let count = ZSTD_decompress(&whole, whole.count, file, file.count)
        // The reader skips frames without content in their rows; libzstd decodes them too.
        if ZSTD_isError(count) == 0, count == content.count {
            require(whole == content, "other content than libzstd's")
        }
    }
}
