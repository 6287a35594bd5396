import Files
import Ground
import SeekableZstd

/// What a file's first bytes say that it is.
enum FileKind {
    case zstandard, gzip, xz, lzma, lz4, other

    /// So many bytes are looked at.
    static let byteCount = 4

    init(_ beginning: [UInt8]) {
        guard beginning.count >= FileKind.byteCount else {
            self = .other
            return
        }
        let magic = beginning.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) }
        switch magic {
        // With those of the versions before 1.0, which libzstd says more of.
        case 0xFD2F_B522...0xFD2F_B528, 0x184D_2A50...0x184D_2A5F: self = .zstandard
        case 0x184D_2204: self = .lz4
        case _ where beginning.starts(with: [0x1F, 0x8B]): self = .gzip
        case _ where beginning.starts(with: [0xFD, 0x37]): self = .xz
        case _ where beginning.starts(with: [0x5D, 0x00]): self = .lzma
        default: self = .other
        }
    }

    /// The program of a format that zstd reads and poolmap does not: its compressed bytes are nobody's content.
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
    /// Reads so many of the first bytes as say what it is, or all where there are fewer; false where that would be to wait.
    ///
    /// A pipe has them still.
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
