import Files
import Ground
import Operations
import Run

/// Where the lines about files go: to standard output or a file, or into the part that holds a share of many files.
struct HashOutput {
    private var lines: LineOutput
    /// Whether a write has failed.
    ///
    /// Nothing is written after that, since there would be a gap.
    private(set) var isBroken = false
    /// The part that all lines go to; nil without parts.
    private let share: (part: SharePartWriter, names: NameTally)?

    init(_ lines: LineOutput) {
        (self.lines, share) = (lines, nil)
    }

    init(_ part: SharePartWriter, _ names: NameTally) {
        (lines, share) = (LineOutput(), (part, names))
    }

    /// The bytes to write for the lines of a file.
    func text(_ ordinal: UInt64?, _ lines: [UInt8]) -> [UInt8] {
        share == nil ? lines : SharePartWriter.record(ordinal, lines)
    }

    /// Writes bytes from `text`.
    ///
    /// After the first error, which it throws, it does nothing.
    mutating func write(_ text: [UInt8]) throws(PoolmapError) {
        guard !isBroken else { return }
        do throws(PoolmapError) {
            if let share { try share.part.write(text) } else { try lines.write(text) }
        } catch {
            isBroken = true
            throw error
        }
    }

    /// Shows the lines written so far, even if some are missing; a part appears whole or not at all.
    mutating func flush() throws(PoolmapError) {
        if share == nil, !isBroken { try lines.flush() }
    }

    /// Makes the file appear under its name.
    ///
    /// Call it once everything has been written without an error.
    mutating func commit() throws(PoolmapError) {
        if let share { try share.part.commit(share.names) } else { try lines.commit() }
    }
}

extension HashOptions {
    /// Opens the destination of the lines.
    ///
    /// - Parameter lines: their kind, for the head of a part.
    func lineOutput(_ part: HashPart?, _ lines: ShareLines) throws(PoolmapError) -> HashOutput {
        guard let part else { return HashOutput(LineOutput(to: try lineFile())) }
        var policy = OutputPolicy()
        policy.force = force
        return HashOutput(try SharePartWriter(part.part, to: part.path, lines, policy), part.tally)
    }
}
