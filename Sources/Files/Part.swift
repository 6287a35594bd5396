import Ground

/// One of several equal parts of a job, which any number of machines do, each by itself: `--part 3/16`.
///
/// A part has what begins in its share of the input: chunks of a file that is compressed, frames of one that is
/// decompressed. So what a part has follows from the input and the options alone, and every piece is in just one part.
package struct Part: Equatable, Hashable, Sendable {
    /// Counted from 1, up to `count`.
    package let number: Int
    package let count: Int

    /// As many as a name and an array engine can bear.
    package static let most = 1_000_000

    /// nil where there is no such part.
    package init?(_ number: Int, of count: Int) {
        guard 1...Part.most ~= count, 1...count ~= number else { return nil }
        (self.number, self.count) = (number, count)
    }

    /// Where what the part has begins, in an input of so many bytes.
    package func share(of byteCount: UInt64) -> Range<UInt64> {
        func border(_ number: Int) -> UInt64 {
            let (high, low) = byteCount.multipliedFullWidth(by: UInt64(number))
            return UInt64(count).dividingFullWidth((high, low)).quotient
        }
        return border(number - 1)..<border(number)
    }

    /// The same in whole pieces of so many bytes, of which the last may be shorter: those that begin in the share.
    package func share(of byteCount: UInt64, inPiecesOf pieceBytes: UInt64) -> Range<UInt64> {
        let share = share(of: byteCount)
        func up(_ offset: UInt64) -> UInt64 {
            let (whole, rest) = offset.quotientAndRemainder(dividingBy: pieceBytes)
            let (end, overflowed) = (whole + (rest > 0 ? 1 : 0)).multipliedReportingOverflow(by: pieceBytes)
            return overflowed ? byteCount : min(end, byteCount)
        }
        return up(share.lowerBound)..<up(share.upperBound)
    }

    /// The same of an input that is to be cut into parts.
    ///
    /// Throws where nobody can read it at any place.
    package func share(of input: InputFile, inPiecesOf pieceBytes: UInt64 = 1) throws(PoolmapError) -> Range<UInt64> {
        guard input.isRegular || input.isEmptyFile else {
            throw PoolmapError(.failed, "is no regular file, and --part reads nothing else")
        }
        // What the kernel makes up often says that it is empty.
        guard input.isRegular || !input.hasContent else {
            throw PoolmapError(.failed, "has more than it says, and --part needs its size")
        }
        return share(of: input.byteCount, inPiecesOf: pieceBytes)
    }

    /// What its file's name has behind the target's.
    package var suffix: String { ".part-\(number)-of-\(count)" }
}

extension Part {
    /// The part that a path names, and the target that it is a part of; nil of another path.
    package static func named(by path: String) -> (part: Part, target: String)? {
        guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let fields = path[dot...].split(separator: "-", omittingEmptySubsequences: false)
        guard fields.count == 4, let number = Int(fields[1]), let count = Int(fields[3]),
            let part = Part(number, of: count), path[dot...] == part.suffix
        else { return nil }
        return (part, String(path[..<dot]))
    }
}
