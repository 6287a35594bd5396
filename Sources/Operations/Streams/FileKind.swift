import Files
import Ground
import SeekableZstd

/// The kind of a file according to its first bytes.
enum FileKind {
    case zstandard, gzip, xz, lzma, lz4, other

    /// How many bytes decide.
    static let byteCount = 4

    init(_ beginning: [UInt8]) {
        guard beginning.count >= FileKind.byteCount else {
            self = .other
            return
        }
        let magic = beginning.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) }
        switch magic {
        // Includes versions before 1.0, for which libzstd has better errors.
        case 0xFD2F_B522...0xFD2F_B528, 0x184D_2A50...0x184D_2A5F: self = .zstandard
        case 0x184D_2204: self = .lz4
        case _ where beginning.starts(with: [0x1F, 0x8B]): self = .gzip
        case _ where beginning.starts(with: [0xFD, 0x37]): self = .xz
        case _ where beginning.starts(with: [0x5D, 0x00]): self = .lzma
        default: self = .other
        }
    }

    /// The name of a format that zstd reads but poolmap does not, so that its bytes are not passed through as content.
    var nameOfOther: String? {
        switch self {
        case .zstandard, .other: nil
        case .gzip: "gzip"
        case .xz: "xz"
        case .lzma: "lzma"
        case .lz4: "lz4"
        }
    }
}

extension InputFile {
    /// Reads the bytes that show what the input is, or fewer if it is shorter; returns false if this would block.
    ///
    /// A pipe still returns these bytes when it is read.
    func readBeginning(into beginning: inout [UInt8]) throws(PoolmapError) -> Bool {
        if isRegular {
            beginning = try readBytes(at: 0, count: Int(min(UInt64(FileKind.byteCount), byteCount)))
            return true
        }
        while beginning.count < FileKind.byteCount {
            guard hasInput() else { return false }
            let wanted = FileKind.byteCount - beginning.count
            let count = try withPiece { (space) throws(PoolmapError) in
                let count = try readSome(into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted]))
                beginning += space[..<count]
                return count
            }
            if count == 0 { break }
        }
        putBack(beginning)
        return true
    }
}
