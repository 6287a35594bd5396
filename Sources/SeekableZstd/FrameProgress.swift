import Ground

/// A frame whose bytes arrive in arbitrary pieces and are passed to a `FrameWalker` as it asks for them.
package struct FrameProgress {
    private var walker: FrameWalker
    private var skipped: UInt64 = 0
    private var taken: [UInt8] = []
    package private(set) var byteCount: UInt64 = 0
    /// The walker's result at the end of the frame.
    package private(set) var result: FrameInfo?

    package init(at offset: UInt64) {
        walker = FrameWalker(at: offset)
    }

    package var headerInfo: FrameInfo? {
        walker.headerInfo
    }

    /// How many bytes can be read without touching the next frame.
    package var wanted: UInt64 {
        walker.demand.skip - skipped + UInt64(walker.demand.take - taken.count)
    }

    package var endOfInput: FormatError {
        taken.withBytes { walker.endOfInput(after: $0) }
    }

    /// Takes the frame's next bytes, at most `wanted`; returns what was found when the frame is complete.
    package mutating func advance(over bytes: UnsafeRawBufferPointer) throws(FormatError) -> FrameInfo? {
        byteCount += UInt64(bytes.count)
        let skipping = min(walker.demand.skip - skipped, UInt64(bytes.count))
        skipped += skipping
        taken += bytes.dropFirst(Int(skipping))
        // The last demand may be a skip alone, so the walker is fed even when nothing is wanted.
        if wanted == 0 {
            result = try taken.withBytes { (taken) throws(FormatError) in try walker.feed(taken) }
            skipped = 0
            taken = []
        }
        return result
    }
}
