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

    /// What its file's name has behind the target's.
    package var suffix: String { ".part-\(number)-of-\(count)" }
}

extension Part {
    /// The part that a path names, and the target that it is a part of; nil of another path.
    package init?(path: String, target: inout String) {
        guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return nil }
        let fields = path[dot...].utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0].elementsEqual(".part".utf8), fields[2].elementsEqual("of".utf8),
            let number = Int(Substring(fields[1])), let count = Int(Substring(fields[3])),
            let part = Part(number, of: count), path[dot...].elementsEqual(part.suffix)
        else { return nil }
        target = String(path[..<dot])
        self = part
    }
}
