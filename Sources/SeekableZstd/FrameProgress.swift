import Ground

/// A frame whose bytes come in any pieces, fed to a `FrameWalker` in those that it wants.
package struct FrameProgress {
    private var walker: FrameWalker
    private var skipped: UInt64 = 0
    private var taken: [UInt8] = []
    package private(set) var byteCount: UInt64 = 0
    /// What the walker found at the frame's end.
    package private(set) var result: FrameInfo?

    package init(at offset: UInt64) {
        walker = FrameWalker(at: offset)
    }

    package var headerInfo: FrameInfo? {
        walker.headerInfo
    }

    /// How many bytes may be read without touching the next frame.
    package var wanted: UInt64 {
        walker.demand.skip - skipped + UInt64(walker.demand.take - taken.count)
    }

    package var endOfInput: FormatError {
        taken.withBytes { walker.endOfInput(after: $0) }
    }

    /// Takes the frame's next bytes, no more than `wanted`; returns what is known of it when it is complete.
    package mutating func advance(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> FrameInfo? {
        byteCount += UInt64(bytes.count)
        let skipping = min(walker.demand.skip - skipped, UInt64(bytes.count))
        skipped += skipping
        taken += bytes.dropFirst(Int(skipping))
        // An end that is only a skip needs no bytes, so there may be something to feed when nothing is wanted.
        if wanted == 0 {
            result = try taken.withBytes { (taken) throws(FormatError) in try walker.feed(taken) }
            skipped = 0
            taken = []
        }
        return result
    }
}
