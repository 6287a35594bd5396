import Files
import Ground
import Run
import SeekableZstd

extension LocatedFrame {
    /// Whether the frame and its content both fit in a slot.
    func fits(_ layout: SlotLayout) -> Bool {
        layout.holds(compressedBytes: compressedBytes, contentBound: contentBound)
    }
}

extension FileReader {
    /// Reads a frame of a regular file, or what follows its first `start` bytes.
    init(_ input: InputFile, _ frame: LocatedFrame, from start: Int = 0) {
        self.init(
            input.descriptor, at: input.start + frame.offset + UInt64(start),
            byteCount: frame.compressedBytes - UInt64(start))
    }
}

extension SeekTableRows {
    /// The table of a regular file.
    static func atEnd(of input: InputFile) throws(PoolmapError) -> SeekTableRows? {
        try SeekTableRows(ofFileWith: input.byteCount) { (offset, count) throws(PoolmapError) in
            try input.readBytes(at: offset, count: count)
        }
    }
}
