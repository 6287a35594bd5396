/// A piece of an input, as messages name it.
package struct Piece {
    /// "chunk", "frame" or "file", as the user knows it.
    package let noun: String
    /// Counted from 0.
    package let index: Int
    package let offset: UInt64
    package let byteCount: UInt64
    /// The number of frames; `index` is that of the first.
    package var count = 1

    package init(noun: String, index: Int, offset: UInt64, byteCount: UInt64, count: Int = 1) {
        self.noun = noun
        self.index = index
        self.offset = offset
        self.byteCount = byteCount
        self.count = count
    }

    /// A small file as one piece; the worker itself adds positions to errors.
    package static func whole(_ byteCount: UInt64) -> Piece {
        Piece(noun: "file", index: 0, offset: 0, byteCount: byteCount)
    }

    var isWholeFile: Bool { noun == "file" }

    /// A range that is searched for chunk borders.
    package static func search(_ index: Int, _ range: Range<UInt64>) -> Piece {
        Piece(
            noun: "search", index: index, offset: range.lowerBound,
            byteCount: range.upperBound - range.lowerBound)
    }

    /// Whether it contributes to the output.
    ///
    /// All pieces for which this is true make up the input.
    var isPart: Bool { noun != "search" && noun != "reduction" }

    /// "chunk 3 (bytes 25165824 to 33554431)".
    package var description: String {
        let name = count == 1 ? "\(noun) \(index)" : "\(noun)s \(index) to \(index + count - 1)"
        return byteCount == 0 ? name : "\(name) (bytes \(offset) to \(offset + byteCount - 1))"
    }
}
