import SystemPackage

/// The frames of a pipe, in order, each read into a slot.
///
/// Never reads a byte of the next frame before this one is whole.
final class PipeFrames {
    enum Event {
        case frame(LocatedFrame, slot: Int)
        /// The first bytes of a skippable frame: all of it if it is one of our tables.
        case skippable([UInt8])
        /// The frame does not fit its slot: `readRest` gives it piece by piece, from its beginning.
        case tooLarge
        case waitForInput
        case waitForSlot
        case end
    }

    private let input: InputFile
    private(set) var offset: UInt64 = 0
    private var frameCount = 0
    private var progress: FrameProgress
    private var slot: Int?
    /// Bytes of the frame in the slot, then of those how many `readRest` has given away.
    private var filled = 0
    private var given = 0
    private var skippable: [UInt8] = []

    init(_ input: InputFile) {
        self.input = input
        progress = FrameProgress(at: 0)
    }

    /// Reads on until something is to be done about it.
    func read(_ workforce: Workforce) throws(PoolmapError) -> Event {
        if slot == nil {
            slot = try workforce.acquireSlot()
        }
        guard let slot else { return .waitForSlot }
        let most = workforce.layout.inputBytes
        while true {
            if let info = progress.headerInfo, info.kind == .zstandard,
                info.contentBound > UInt64(workforce.layout.outputBytes) || filled == most
            {
                given = 0
                return .tooLarge
            }
            guard try input.hasInput() else { return .waitForInput }
            let isSkippable = progress.headerInfo.map { $0.kind != .zstandard } ?? false
            // Nothing of a skippable frame but its beginning is kept; the slot serves as the place to read it to.
            let start = isSkippable ? 0 : filled
            let end = min(most, start + Int(min(progress.wanted, 1 << 20)))
            let area = try workforce.inputArea(slot, end)
            let part = UnsafeMutableRawBufferPointer(rebasing: area[start..<end])
            let count = try input.readSome(into: part)
            if count == 0 {
                if progress.byteCount == 0 {
                    abandon(workforce)
                    return .end
                }
                throw PoolmapError(.damaged, "\(progress.endOfInput)")
            }
            let bytes = UnsafeRawBufferPointer(rebasing: part[..<count])
            let info = try progress.advance(over: bytes)
            if isSkippable {
                skippable += bytes.prefix(mostBytesOfTable(behind: frameCount) - skippable.count)
            } else {
                filled += count
                // Whether it is skippable is known after four bytes, its length after eight.
                if progress.headerInfo.map({ $0.kind != .zstandard }) ?? false {
                    skippable += area[..<filled]
                }
            }
            if let info { return complete(info, slot) }
        }
    }

    private func complete(_ info: FrameInfo, _ slot: Int) -> Event {
        let frame = LocatedFrame(info, at: offset)
        let bytes = skippable
        begin(at: offset + info.compressedBytes)
        if frame.isSkippable {
            return .skippable(bytes)
        }
        self.slot = nil
        return .frame(frame, slot: slot)
    }

    /// The next bytes of a frame that was too large; 0 at its end.
    ///
    /// Blocks.
    func readRest(into space: UnsafeMutableRawBufferPointer, _ workforce: Workforce) throws(PoolmapError) -> Int {
        if let slot, given < filled {
            let part = try workforce.inputArea(slot, filled)[given..<filled].prefix(space.count)
            space.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
            given += part.count
            return part.count
        }
        if let info = progress.result {
            begin(at: offset + info.compressedBytes)
            return 0
        }
        let limit = Int(min(UInt64(space.count), progress.wanted))
        let count = try input.readSome(into: UnsafeMutableRawBufferPointer(rebasing: space[..<limit]))
        if count == 0 {
            throw PoolmapError(.damaged, "\(progress.endOfInput)")
        }
        _ = try progress.advance(over: UnsafeRawBufferPointer(rebasing: space[..<count]))
        return count
    }

    /// Gives back the slot that was to be filled.
    func abandon(_ workforce: Workforce) {
        if let slot {
            workforce.releaseSlot(slot)
        }
        slot = nil
    }

    private func begin(at offset: UInt64) {
        self.offset = offset
        frameCount += 1
        progress = FrameProgress(at: offset)
        filled = 0
        given = 0
        skippable = []
    }
}

/// A frame whose bytes come in any pieces, fed to a `FrameWalker` in those that it wants.
private struct FrameProgress {
    private var walker: FrameWalker
    private var skipped: UInt64 = 0
    private var taken: [UInt8] = []
    private(set) var byteCount: UInt64 = 0
    /// What the walker found at the frame's end.
    private(set) var result: FrameInfo?

    init(at offset: UInt64) {
        walker = FrameWalker(at: offset)
    }

    var headerInfo: FrameInfo? {
        walker.headerInfo
    }

    /// How many bytes may be read without touching the next frame.
    var wanted: UInt64 {
        walker.demand.skip - skipped + UInt64(walker.demand.take - taken.count)
    }

    var endOfInput: FormatError {
        taken.withBytes { walker.endOfInput(after: $0) }
    }

    /// Takes the frame's next bytes, no more than `wanted`; returns what is known of it when it is complete.
    mutating func advance(over bytes: UnsafeRawBufferPointer) throws(PoolmapError) -> FrameInfo? {
        byteCount += UInt64(bytes.count)
        let skipping = min(walker.demand.skip - skipped, UInt64(bytes.count))
        skipped += skipping
        taken += bytes.dropFirst(Int(skipping))
        // An end that is only a skip needs no bytes, so there may be something to feed when nothing is wanted.
        if wanted == 0 {
            result = try formatErrors { () throws(FormatError) in
                try taken.withBytes { (taken) throws(FormatError) in try walker.feed(taken) }
            }
            skipped = 0
            taken = []
        }
        return result
    }
}
