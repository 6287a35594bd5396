import Ground

/// One of several equal parts of a job, which any number of machines do independently: `--part 3/16`.
///
/// A part holds everything that begins in its share of the input: chunks of a file to be compressed, frames of one to
/// be decompressed. So its content follows from the input and the options alone, and every piece is in exactly one
/// part.
package struct Part: Equatable, Hashable, Sendable {
    /// Counted from 1, up to `count`.
    package let number: Int
    package let count: Int

    /// A limit that file names and array engines can handle.
    package static let most = 1_000_000

    /// nil if there is no such part.
    package init?(_ number: Int, of count: Int) {
        guard 1...Part.most ~= count, 1...count ~= number else { return nil }
        (self.number, self.count) = (number, count)
    }

    /// The part's share of an input of this size: its pieces are those that begin in it.
    package func share(of byteCount: UInt64) -> Range<UInt64> {
        func border(_ number: Int) -> UInt64 {
            let (high, low) = byteCount.multipliedFullWidth(by: UInt64(number))
            return UInt64(count).dividingFullWidth((high, low)).quotient
        }
        return border(number - 1)..<border(number)
    }

    /// The share in whole pieces of a given size, of which the last may be shorter: those that begin in it.
    package func share(of byteCount: UInt64, inPiecesOf pieceBytes: UInt64) -> Range<UInt64> {
        let share = share(of: byteCount)
        func up(_ offset: UInt64) -> UInt64 {
            let (whole, rest) = offset.quotientAndRemainder(dividingBy: pieceBytes)
            let (end, overflowed) = (whole + (rest > 0 ? 1 : 0)).multipliedReportingOverflow(by: pieceBytes)
            return overflowed ? byteCount : min(end, byteCount)
        }
        return up(share.lowerBound)..<up(share.upperBound)
    }

    /// The share of an input.
    ///
    /// Throws if the input cannot be read by offset.
    package func share(of input: InputFile, inPiecesOf pieceBytes: UInt64 = 1) throws(PoolmapError) -> Range<UInt64> {
        guard input.isRegular || input.isEmptyFile else {
            throw PoolmapError(.failed, "is not a regular file, which --part requires")
        }
        // Files that the kernel generates often claim to be empty.
        guard input.isRegular || !input.hasContent else {
            throw PoolmapError(.failed, "has more content than its size says, and --part requires the size")
        }
        return share(of: input.byteCount, inPiecesOf: pieceBytes)
    }

    /// The suffix that its file's name adds to the target's.
    package var suffix: String { ".part-\(number)-of-\(count)" }
}

extension Part {
    /// The part that a path names, and the path of its target; nil for any other path.
    package static func named(by path: String) -> (part: Part, target: String)? {
        guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let fields = path[dot...].split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count == 4, let number = Int(fields[1]), let count = Int(fields[3]),
            let part = Part(number, of: count), path[dot...] == part.suffix
        else { return nil }
        return (part, String(path[..<dot]))
    }
}
