import CPoolmap
import Files
import Ground
import Run
import SystemPackage

/// What the inputs of a map share: one output, in their order, and whether the run is to go on.
package final class MapRun {
    let settings: MapSettings
    private let output: Output
    private var writtenBytes: UInt64 = 0
    /// The first lines of the first output, which others begin with as well.
    private var headerLines: [UInt8]?
    /// A chunk's output is missing, and nothing can follow it.
    private(set) var isBroken = false
    /// No more is begun.
    private(set) var isHalted = false
    /// Those whose chunks are under way.
    var slotsUnderWay: Set<Int> = []
    private var doneCount = 0
    private var failedCount = 0
    /// Takes what a command has written to its standard error, a piece at a time; nothing behind the last.
    package var onErrors: (Input, Piece, [UInt8]) -> Void = { _, _, _ in }
    /// Takes why a chunk has no output, where its input goes on.
    package var onFailure: (Input, PoolmapError) -> Void = { _, _ in }

    /// - Parameters:
    ///   - target: nil for standard output.
    package init(_ settings: MapSettings, to target: String?, _ policy: OutputPolicy) throws(PoolmapError) {
        self.settings = settings
        output =
            if let target { .file(try OutputFile(Place(path: target), policy, for: nil)) } else {
                .standardOutput(policy)
            }
    }

    /// Notes how a chunk has ended, as soon as that is known; whether the run halts for it at once.
    func note(isSuccess: Bool) -> Bool {
        doneCount += 1
        guard !isSuccess else { return false }
        failedCount += 1
        let halts =
            switch settings.halt {
            case .now: true
            case .soon, .never: false
            case .afterCount(let count): failedCount >= count
            case .afterPercent(let percent): doneCount >= 3 && failedCount * 100 >= percent * doneCount
            }
        isHalted = isHalted || halts || settings.halt == .soon
        return halts
    }

    /// Ends all commands: nobody needs what they do.
    func cancelAll() {
        for slot in slotsUnderWay {
            poolmap_cancel_command(UInt32(slot))
        }
    }

    /// Whether each failed chunk is told, and its input goes on.
    var toleratesFailures: Bool {
        switch settings.halt {
        case .now, .soon: settings.keepsGoing
        case .never, .afterCount, .afterPercent: true
        }
    }

    /// Notes that a chunk, or all of an input, has no output.
    func leaveOut() {
        isBroken = isBroken || !settings.keepsGoing
    }

    /// Writes what a command has written, behind what was written before.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        guard !isBroken else { return }
        try output.write(bytes, at: writtenBytes)
        writtenBytes += UInt64(bytes.count)
    }

    /// What stands for the beginning of an output: nothing, where its first lines were written already.
    ///
    /// - Parameter bytes: the first bytes of a command's output, which hold all of its header or are all of it.
    /// Returns how many bytes are to be left out. Throws where the lines are others than those of the first output.
    func headerBytes(of bytes: UnsafeRawBufferPointer) throws(PoolmapError) -> Int {
        guard settings.outputHeaderLineCount > 0 else { return 0 }
        let end = bytes.end(ofLine: settings.outputHeaderLineCount) ?? bytes.count
        let lines = bytes[..<end]
        guard let headerLines else {
            self.headerLines = Array(lines)
            return 0
        }
        guard lines.elementsEqual(headerLines) else {
            throw PoolmapError(
                .failed,
                "its output does not begin with the \(settings.outputHeaderLineCount) header lines of the first one; "
                    + "say --output-header 0 if there are none")
        }
        return end
    }

    /// The output is whole: a file gets its name.
    ///
    /// Call it once all inputs are done, and only where what there is is to be published.
    package func commit() throws(PoolmapError) {
        if case .file(let file) = output {
            _ = try file.commit(of: nil, inputBytes: 0, outputBytes: writtenBytes)
        }
    }

    /// Whether there is nothing to publish.
    package var isToBeDropped: Bool { isBroken }
}

extension UnsafeRawBufferPointer {
    /// Behind the line end of so many lines; nil where there are fewer.
    func end(ofLine count: Int) -> Int? {
        var place = 0
        for _ in 0..<count {
            guard let end = self[place...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            place = end + 1
        }
        return place
    }
}
