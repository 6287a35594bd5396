import Files
import Ground
import Run
import SeekableZstd
import SystemPackage

/// The frames of a pipe, in order, each read into a slot; small frames that arrive together share one.
///
/// A frame is handed out as soon as it is complete, without waiting for what follows.
final class PipeFrames {
    enum Event {
        case frame(LocatedFrame, slot: Int)
        /// Small consecutive frames in the slot.
        case run(FrameRun, slot: Int)
        /// A skippable frame: complete if it can belong to a section, otherwise at least its first bytes.
        case skippable([UInt8])
        /// A frame that does not fit its slot: `readRest` returns it piece by piece, from its beginning.
        case tooLarge
        /// A long skippable frame that may be a table; read it with `readRest` too.
        case longTable
        case waitForInput
        case waitForSlot
        case end
    }

    /// What follows the run that was handed out last.
    private enum Upcoming {
        case frame(LocatedFrame)
        case skippable([UInt8])
        case failure(PoolmapError)
    }

    private let source: PipeReader
    private(set) var offset: UInt64 = 0
    private var progress: FrameProgress
    private var slot: Int?
    /// The small frames in the slot, and where the last of them ends.
    private var run: FrameRun?
    private var runEnd = 0
    /// Where the bytes of the current frame end in the slot, and how many of them `readRest` has returned.
    private var filled = 0
    private var given = 0
    private var skippable: [UInt8] = []
    private var upcoming: Upcoming?
    /// Bytes of the next frame that arrived with the last run.
    private var carried: [UInt8] = []

    /// A longer table is not read at once.
    private static let longTableBytes: UInt64 = 64 << 10

    init(_ input: InputFile) {
        source = PipeReader(input)
        progress = FrameProgress(at: 0)
    }

    /// How much has been read.
    var readBytes: UInt64 { source.readBytes }

    /// Reads until there is something to do.
    func read(_ workforce: Workforce) throws(PoolmapError) -> Event {
        switch upcoming {
        case .failure(let error): throw error
        case .skippable(let bytes):
            upcoming = nil
            return .skippable(bytes)
        case .frame, nil: break
        }
        if slot == nil {
            guard let acquired = try workforce.acquireSlot() else { return .waitForSlot }
            slot = acquired
            let area = try workforce.inputArea(acquired, carried.count)
            carried.withUnsafeBytes { area.copyMemory(from: $0) }
            filled = carried.count
            carried = []
        }
        guard let slot else { return .waitForSlot }
        if case .frame(let frame) = upcoming {
            upcoming = nil
            return handOut(frame, slot)
        }
        do throws(PoolmapError) {
            while true {
                guard let event = try step(slot, workforce) else { continue }
                if case .end = event { abandon(workforce) }
                return event
            }
        } catch {
            // An error is reported after the frames before it.
            guard let run else { throw error }
            upcoming = .failure(error)
            return try handOut(run, slot, workforce)
        }
    }

    /// Reads once.
    private func step(_ slot: Int, _ workforce: Workforce) throws(PoolmapError) -> Event? {
        let most = workforce.layout.inputBytes
        var isSkippable = false
        if let info = progress.headerInfo {
            let frame = LocatedFrame(info, at: offset)
            isSkippable = frame.isSkippable
            let isSmall = FrameRun.takes(frame) && filled - runEnd < FrameRun.smallBytes
            if let run, !isSmall { return try handOut(run, slot, workforce) }
            if isSkippable {
                let mayBePart = skippable.withUnsafeBytes { SkippableFrame.mayBePart($0) }
                if mayBePart, frame.compressedBytes > PipeFrames.longTableBytes { return .longTable }
            } else if frame.contentBound > UInt64(workforce.layout.outputBytes) || filled == most {
                given = 0
                return .tooLarge
            }
        }
        guard try source.hasInput() else {
            guard let run else { return .waitForInput }
            return try handOut(run, slot, workforce)
        }
        // Only the beginning of a skippable frame is kept; the rest is read into the slot and dropped.
        let start = isSkippable ? runEnd : filled
        let end = min(most, start + Int(min(progress.wanted, 1 << 20)))
        let area = try workforce.inputArea(slot, end)
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: area[start..<end]))
        if count == 0 {
            if let run { return try handOut(run, slot, workforce) }
            guard progress.byteCount == 0 else { throw PoolmapError(.damaged, "\(progress.endOfInput)") }
            return .end
        }
        let bytes = UnsafeRawBufferPointer(rebasing: area[start..<start + count])
        let info = try formatErrors { () throws(FormatError) in try progress.advance(over: bytes) }
        if isSkippable {
            keep(skippable: bytes)
        } else {
            filled += count
            // Four bytes show whether the frame is skippable, eight its length.
            if progress.headerInfo.map({ $0.kind != .zstandard }) ?? false {
                keep(skippable: UnsafeRawBufferPointer(rebasing: area[runEnd..<filled]))
                filled = runEnd
            }
        }
        return try info.flatMap { (info) throws(PoolmapError) in try complete(info, slot, workforce) }
    }

    private func keep(skippable bytes: UnsafeRawBufferPointer) {
        skippable += bytes.prefix(max(0, Int(PipeFrames.longTableBytes) - skippable.count))
    }

    /// Takes a complete frame; nil if it waits for others to share a run.
    private func complete(
        _ info: FrameInfo, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Event? {
        let frame = LocatedFrame(info, at: offset)
        let bytes = skippable
        begin(at: offset + info.compressedBytes)
        if frame.isSkippable {
            guard let run else { return .skippable(bytes) }
            guard FrameRun.takes(frame) else {
                upcoming = .skippable(bytes)
                return try handOut(run, slot, workforce)
            }
            self.run?.add(skippable: bytes)
            filled = runEnd + bytes.count
            let place = UnsafeMutableRawBufferPointer(rebasing: try workforce.inputArea(slot, filled)[runEnd...])
            bytes.withUnsafeBytes { place.copyMemory(from: $0) }
        } else {
            guard FrameRun.takes(frame) else {
                guard let run else { return handOut(frame, slot) }
                upcoming = .frame(frame)
                return try handOut(run, slot, workforce)
            }
            self.run = run ?? FrameRun(at: frame.offset)
            self.run?.add(frame)
        }
        runEnd = filled
        guard let run, run.isFull else { return nil }
        return try handOut(run, slot, workforce)
    }

    private func handOut(_ frame: LocatedFrame, _ slot: Int) -> Event {
        filled = 0
        self.slot = nil
        return .frame(frame, slot: slot)
    }

    private func handOut(_ run: FrameRun, _ slot: Int, _ workforce: Workforce) throws(PoolmapError) -> Event {
        carried = Array(try workforce.inputArea(slot, filled)[runEnd..<filled])
        (self.run, self.slot, runEnd, filled) = (nil, nil, 0, 0)
        return run.onlyFrame.map { .frame($0, slot: slot) } ?? .run(run, slot: slot)
    }

    /// The next bytes of a frame that was too large, or of a long table; 0 at its end.
    ///
    /// Blocks.
    func readRest(into space: UnsafeMutableRawBufferPointer, _ workforce: Workforce) throws(PoolmapError) -> Int {
        if given < skippable.count {
            let part = skippable[given...].prefix(space.count)
            part.withUnsafeBytes { space.copyMemory(from: $0) }
            given += part.count
            return part.count
        }
        if let slot, given < filled {
            let part = try workforce.inputArea(slot, filled)[given..<filled].prefix(space.count)
            space.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            given += part.count
            return part.count
        }
        if let info = progress.result {
            begin(at: offset + info.compressedBytes)
            filled = 0
            return 0
        }
        let limit = Int(min(UInt64(space.count), progress.wanted))
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: space[..<limit]))
        if count == 0 {
            throw PoolmapError(.damaged, "\(progress.endOfInput)")
        }
        try formatErrors { () throws(FormatError) in
            _ = try progress.advance(over: UnsafeRawBufferPointer(rebasing: space[..<count]))
        }
        return count
    }

    /// The header of the frame that `readRest` returns.
    var headerInfo: FrameInfo? { progress.headerInfo }

    /// Releases the slot that is being filled.
    func abandon(_ workforce: Workforce) {
        if let slot {
            workforce.releaseSlot(slot)
        }
        slot = nil
    }

    private func begin(at offset: UInt64) {
        self.offset = offset
        progress = FrameProgress(at: offset)
        given = 0
        skippable = []
    }
}

/// Reads a pipe on behalf of a caller that needs a few bytes at a time.
final class PipeReader {
    private let input: InputFile
    private var bytes: [UInt8] = []
    private var taken = 0
    private var isAtEnd = false
    /// How much has been read from the pipe.
    private(set) var readBytes: UInt64 = 0
    private static let pieceBytes = 64 << 10

    init(_ input: InputFile) {
        self.input = input
    }

    /// Whether a read would not block.
    func hasInput() throws(PoolmapError) -> Bool {
        if isAtEnd || taken < bytes.count { return true }
        return input.hasInput()
    }

    /// Reads at least one byte, or 0 at the end.
    ///
    /// Blocks.
    func read(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        if taken == bytes.count {
            if isAtEnd { return 0 }
            // Larger reads go directly to their destination.
            if space.count >= PipeReader.pieceBytes { return try readPipe(into: space) }
            var failure: PoolmapError?
            bytes = [UInt8](unsafeUninitializedCapacity: PipeReader.pieceBytes) { piece, count in
                do throws(PoolmapError) {
                    count = try readPipe(into: UnsafeMutableRawBufferPointer(piece))
                } catch {
                    failure = error
                }
            }
            taken = 0
            if let failure { throw failure }
        }
        let part = bytes[taken...].prefix(space.count)
        part.withUnsafeBytes { space.copyMemory(from: $0) }
        taken += part.count
        return part.count
    }

    private func readPipe(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        let count = try input.readSome(into: space)
        readBytes += UInt64(count)
        isAtEnd = count == 0
        return count
    }
}
