import Glibc

/// Names for one worker, as raw bytes: from a folder, a list, or the arguments.
///
/// The front creates nothing but these bytes for each name. The worker finds out everything else.
package struct NameBundle {
    /// The properties common to all names of a bundle.
    package struct Origin: BitwiseCopyable, Equatable {
        /// The named folder below which no link may be followed; nil if links may be.
        package var root: Root?
        /// The offset in each name at which the path within the tree begins; nil if the names were given themselves,
        /// and may be anything.
        package var treeOffset: Int?
        /// The byte that ends each name.
        var separator: UInt8 = 0
        /// For lines of a checksum list, what `ChecksumParser` has learned before.
        package var hasOneBlank: Bool?

        package init(root: Root? = nil, treeOffset: Int? = nil, separator: UInt8 = 0, hasOneBlank: Bool? = nil) {
            self.root = root
            self.treeOffset = treeOffset
            self.separator = separator
            self.hasOneBlank = hasOneBlank
        }
    }

    package var origin: Origin
    /// The number of names.
    package private(set) var count = 0
    /// The names, each with its separator.
    package private(set) var bytes: [UInt8] = []
    /// The worker stops before a file that would bring the total content above this limit; nil for no limit.
    package var mostBytes: UInt64?
    /// The worker returns the names that it has not begun by this time.
    package var wantedNanoseconds = UInt64.max
    /// The index of the first name's commit note, of one for each name; nil if no file is written.
    package var firstNote: Int?
    /// Tells the notes of this bundle from older ones in the same place.
    package var generation: UInt64 = 0
    /// For a list, the number of the first line.
    package var firstLine = 0
    /// The names to take; nil for all.
    var share: NameShare?
    /// Counts all names, taken or not; nil to count nothing.
    var tally: NameTally?
    /// The number of each name according to the tally.
    package private(set) var ordinals: [UInt64] = []

    package init(_ origin: Origin) {
        self.origin = origin
    }

    /// A bundle of `count` names, in the form of `bytes`.
    package init(_ origin: Origin, count: Int, bytes: [UInt8], ordinals: [UInt64] = []) {
        (self.origin, self.count, self.bytes, self.ordinals) = (origin, count, bytes, ordinals)
    }

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ name: UnsafeRawBufferPointer) {
        append(name, in: [])
    }

    /// Appends a name in a folder, whose path ends with a slash.
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

    /// Calls the body with each name, without its separator, until it returns false.
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
        // They have been selected and counted.
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

    /// The number of a name among all names; nil if they were not counted.
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
