import Glibc

/// Names that one worker deals with, as they were found: the bytes of a folder's names, of a list, or of arguments.
///
/// The front makes nothing for a name but these bytes. What is to be known of it, the worker finds out itself.
package struct NameBundle {
    /// What holds for all names of a bundle.
    struct Origin: BitwiseCopyable, Equatable {
        /// The folder that was named, where no link is to be followed below it.
        var root: Root?
        /// Where in a name the path from the folder on begins that was named; nil where each was named itself, and may be
        /// anything.
        var treeOffset: Int?
        /// What a name ends with.
        var separator: UInt8 = 0
        /// Of lines of a list, what `ChecksumParser` has learned before.
        var hasOneBlank: Bool?
    }

    var origin: Origin
    /// How many names there are.
    package private(set) var count = 0
    /// The names, each with its end.
    private(set) var bytes: [UInt8] = []
    /// Whoever does it stops before a file with which the content of all would be more; nil for no such limit.
    var mostBytes: UInt64?
    /// The note of the first name, of as many as there are names; nil where nothing is written.
    var firstNote: Int?
    /// What tells the notes of this bundle from older ones in their place.
    var generation: UInt64 = 0
    /// In a list the number of the line that comes first.
    var firstLine = 0

    init(_ origin: Origin) {
        self.origin = origin
    }

    var isEmpty: Bool { count == 0 }

    mutating func append(_ name: UnsafeRawBufferPointer) {
        bytes += name
        bytes.append(origin.separator)
        count += 1
    }

    /// The same of a name in a folder, whose path has a slash at its end.
    mutating func append(_ name: UnsafeRawBufferPointer, in folder: [UInt8]) {
        bytes += folder
        append(name)
    }

    /// Goes over the names, without their ends, for as long as the body wants more.
    func forEach(_ body: (Int, UnsafeRawBufferPointer) -> Bool) {
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
        (part.count, part.bytes) = (0, [])
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

    package var firstName: [UInt8] { name(at: 0) }

    /// The bytes of one name.
    func name(at place: Int) -> [UInt8] {
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

extension NameBundle: Message {
    init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(try message.next())
        count = try message.next()
        bytes = try message.nextArray()
        mostBytes = try message.next()
        firstNote = try message.next()
        generation = try message.next()
        firstLine = try message.next()
    }

    func write(to message: inout MessageWriter) {
        message.add(origin)
        message.add(count)
        message.add(each: bytes)
        message.add(mostBytes)
        message.add(firstNote)
        message.add(generation)
        message.add(firstLine)
    }
}

/// How many names go to a worker together: as many as it does in about 12 ms.
///
/// So few that all workers are busy to the end of a run, and so many that the third of a millisecond in which a worker
/// waits for the next ones is little. A worker that needs more time for them gives back what it has not begun.
final class BundleSize {
    /// What a worker takes for a bundle, before it gives back the rest.
    static let wantedNanoseconds: UInt64 = 12_000_000
    /// The most, for each of which there may be a note.
    static let mostNames = 512
    private static let firstNames = 1
    private var nanosecondsOfName: UInt64?

    /// So many names the next one should have.
    var count: Int {
        guard let nanosecondsOfName else { return BundleSize.firstNames }
        return max(1, Int(min(BundleSize.wantedNanoseconds / nanosecondsOfName, UInt64(BundleSize.mostNames))))
    }

    /// Takes account of what names took.
    func learn(_ count: Int, _ nanoseconds: UInt64) {
        guard count > 0 else { return }
        let latest = max(1, nanoseconds / UInt64(count))
        nanosecondsOfName = nanosecondsOfName.map { (3 * $0 + latest) / 4 } ?? latest
    }
}
