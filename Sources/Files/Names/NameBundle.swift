import Glibc

/// Names that one worker deals with, as they were found: the bytes of a folder's names, of a list, or of arguments.
///
/// The front makes nothing for a name but these bytes. What is to be known of it, the worker finds out itself.
package struct NameBundle {
    /// What holds for all names of a bundle.
    package struct Origin: BitwiseCopyable, Equatable {
        /// The folder that was named, where no link is to be followed below it.
        package var root: Root?
        /// Where in a name the path from the folder on begins that was named; nil where each was named itself, and may be
        /// anything.
        package var treeOffset: Int?
        /// What a name ends with.
        var separator: UInt8 = 0
        /// Of lines of a list, what `ChecksumParser` has learned before.
        package var hasOneBlank: Bool?

        package init(root: Root? = nil, treeOffset: Int? = nil, separator: UInt8 = 0, hasOneBlank: Bool? = nil) {
            self.root = root
            self.treeOffset = treeOffset
            self.separator = separator
            self.hasOneBlank = hasOneBlank
        }
    }

    package var origin: Origin
    /// How many names there are.
    package private(set) var count = 0
    /// The names, each with its end.
    package private(set) var bytes: [UInt8] = []
    /// Whoever does it stops before a file with which the content of all would be more; nil for no such limit.
    package var mostBytes: UInt64?
    /// Whoever does it gives back what is not begun by then.
    package var wantedNanoseconds = UInt64.max
    /// The note of the first name, of as many as there are names; nil where nothing is written.
    package var firstNote: Int?
    /// What tells the notes of this bundle from older ones in their place.
    package var generation: UInt64 = 0
    /// In a list the number of the line that comes first.
    package var firstLine = 0
    /// The names that are taken; nil for all.
    var share: NameShare?
    /// Counts what is taken and what is not; nil where nobody asks.
    var tally: NameTally?
    /// By the tally, which of all names each is.
    package private(set) var ordinals: [UInt64] = []

    package init(_ origin: Origin) {
        self.origin = origin
    }

    /// So many names with their ends, as `bytes` has them.
    package init(_ origin: Origin, count: Int, bytes: [UInt8], ordinals: [UInt64] = []) {
        (self.origin, self.count, self.bytes, self.ordinals) = (origin, count, bytes, ordinals)
    }

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ name: UnsafeRawBufferPointer) {
        append(name, in: [])
    }

    /// The same of a name in a folder, whose path has a slash at its end.
    package mutating func append(_ name: UnsafeRawBufferPointer, in folder: [UInt8]) {
        let start = bytes.count
        bytes += folder
        bytes += name
        var ordinal: UInt64?
        let isTaken = bytes.withUnsafeBytes { bytes in
            let path = UnsafeRawBufferPointer(rebasing: bytes[start...])
            ordinal = tally?.add(path)
            return share?.has(path, treeOffset: origin.treeOffset) ?? true
        }
        guard isTaken else { return bytes.removeSubrange(start...) }
        if let ordinal { ordinals.append(ordinal) }
        bytes.append(origin.separator)
        count += 1
    }

    /// Goes over the names, without their ends, for as long as the body wants more.
    package func forEach(_ body: (Int, UnsafeRawBufferPointer) -> Bool) {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var start = 0
            for index in 0..<count {
                guard let end = memchr(base + start, Int32(origin.separator), bytes.count - start) else { return }
                let next = UnsafeRawPointer(end) - base
                guard body(index, UnsafeRawBufferPointer(rebasing: bytes[start..<next])) else { return }
                start = next + 1
            }
        }
    }

    /// Some of the names, with their notes.
    package func part(_ range: Range<Int>) -> NameBundle {
        var part = self
        (part.count, part.bytes, part.ordinals) = (0, [], ordinals.isEmpty ? [] : Array(ordinals[range]))
        // They were chosen and counted.
        (part.share, part.tally) = (nil, nil)
        forEach { index, name in
            if range.contains(index) {
                part.append(name)
            }
            return index + 1 < range.upperBound
        }
        part.firstNote = firstNote.map { $0 + range.lowerBound }
        part.firstLine += range.lowerBound
        return part
    }

    /// Which of all names one is; nil where they were not counted.
    package func ordinal(at place: Int) -> UInt64? { ordinals.isEmpty ? nil : ordinals[place] }

    package var firstName: [UInt8] { name(at: 0) }

    /// The bytes of one name.
    package func name(at place: Int) -> [UInt8] {
        var found: [UInt8] = []
        forEach { index, name in
            if index == place {
                found = Array(name)
            }
            return index < place
        }
        return found
    }
}
