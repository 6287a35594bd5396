/// A piece of an input, for messages.
package struct Piece {
    /// "chunk", "frame" or "file", as the user knows it.
    package let noun: String
    /// Counted from 0.
    package let index: Int
    package let offset: UInt64
    package let byteCount: UInt64
    /// How many frames there are; the index is that of the first.
    package var count = 1

    package init(noun: String, index: Int, offset: UInt64, byteCount: UInt64, count: Int = 1) {
        self.noun = noun
        self.index = index
        self.offset = offset
        self.byteCount = byteCount
        self.count = count
    }

    /// A small file in one piece, in which the worker itself says the place.
    package static func whole(_ byteCount: UInt64) -> Piece {
        Piece(noun: "file", index: 0, offset: 0, byteCount: byteCount)
    }

    var isWholeFile: Bool { noun == "file" }

    /// A stretch that is looked through for borders of chunks.
    package static func search(_ index: Int, _ range: Range<UInt64>) -> Piece {
        Piece(
            noun: "search", index: index, offset: range.lowerBound,
            byteCount: range.upperBound - range.lowerBound)
    }

    /// Whether something comes of it for the output: all of these are the input.
    var isPart: Bool { noun != "search" && noun != "reduction" }

    /// "chunk 3 (bytes 25165824 to 33554431)".
    package var description: String {
        let name = count == 1 ? "\(noun) \(index)" : "\(noun)s \(index) to \(index + count - 1)"
        return byteCount == 0 ? name : "\(name) (bytes \(offset) to \(offset + byteCount - 1))"
    }
}
