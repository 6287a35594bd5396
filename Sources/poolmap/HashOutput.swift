import Files
import Ground
import Operations
import Run

/// Where lines about files go: to standard output or a file, or into the part that has a share of many files.
struct HashOutput {
    private var lines: LineOutput
    /// Whether something could not be written.
    ///
    /// Then nothing is written any more: there would be a gap.
    private(set) var isBroken = false
    /// The part; then no line goes elsewhere.
    private let share: (part: SharePartWriter, names: NameTally)?

    init(_ lines: LineOutput) {
        (self.lines, share) = (lines, nil)
    }

    init(_ part: SharePartWriter, _ names: NameTally) {
        (lines, share) = (LineOutput(), (part, names))
    }

    /// What is written of the lines of a file.
    func text(_ ordinal: UInt64?, _ lines: [UInt8]) -> [UInt8] {
        share == nil ? lines : SharePartWriter.record(ordinal, lines)
    }

    /// Writes what `text` has made.
    ///
    /// Throws once, where that cannot be done.
    mutating func write(_ text: [UInt8]) throws(PoolmapError) {
        guard !isBroken else { return }
        do throws(PoolmapError) {
            if let share { try share.part.write(text) } else { try lines.write(text) }
        } catch {
            isBroken = true
            throw error
        }
    }

    /// Has people see the lines that are there, even if some are missing; a part appears whole or not at all.
    mutating func flush() throws(PoolmapError) {
        if share == nil, !isBroken { try lines.flush() }
    }

    /// All is written, and nothing has failed: a file appears under its name.
    mutating func commit() throws(PoolmapError) {
        if let share { try share.part.commit(share.names) } else { try lines.commit() }
    }
}

extension HashOptions {
    /// Opens what the lines are written to.
    ///
    /// - Parameter lines: what they are.
    func lineOutput(_ part: HashPart?, _ lines: ShareLines) throws(PoolmapError) -> HashOutput {
        guard let part else { return HashOutput(LineOutput(to: try lineFile())) }
        var policy = OutputPolicy()
        policy.force = force
        return HashOutput(try SharePartWriter(part.part, to: part.path, lines, policy), part.tally)
    }
}
