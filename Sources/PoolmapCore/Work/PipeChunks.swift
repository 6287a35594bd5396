/// Fills slots with the chunks of a pipe, one after the other, as far as there is something to read.
struct PipeChunks {
    /// What comes next.
    enum Step {
        /// A chunk, shorter than the others only at the input's end, where it may be empty; the first only once it is
        /// known whether another follows.
        case chunk(count: Int, slot: Int)
        case waitForInput
        case waitForSlot
    }

    /// Nothing comes behind the last chunk.
    private(set) var isAtEnd = false
    private var filling: (slot: Int, count: Int)?
    /// Whether the first chunk is still to be handed out, which must know whether another follows it.
    private var isFirst = true
    /// The byte that was read to see that.
    private var byteAhead: UInt8?
    /// No pipe gives more at once, and a chunk may be far larger than all there is.
    private static let mostBytesOfRead = 1 << 20

    /// Reads on; does not block.
    mutating func next(
        of input: InputFile, _ chunkBytes: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        if filling == nil {
            guard let slot = try workforce.acquireSlot() else { return .waitForSlot }
            filling = (slot, 0)
            if let byte = byteAhead.take() {
                try workforce.inputArea(slot, 1)[0] = byte
                filling = (slot, 1)
            }
        }
        guard let filling else { return .waitForSlot }
        let slot = filling.slot
        var count = filling.count
        while count < chunkBytes {
            guard try input.hasInput() else { return .waitForInput }
            let end = min(chunkBytes, count + PipeChunks.mostBytesOfRead)
            let rest = UnsafeMutableRawBufferPointer(rebasing: try workforce.inputArea(slot, end)[count..<end])
            let read = try input.readSome(into: rest)
            if read == 0 {
                isAtEnd = true
                break
            }
            count += read
            self.filling = (slot, count)
        }
        if isFirst, !isAtEnd {
            guard try input.hasInput() else { return .waitForInput }
            try lookAhead(in: input)
        }
        isFirst = false
        self.filling = nil
        return .chunk(count: count, slot: slot)
    }

    private mutating func lookAhead(in input: InputFile) throws(PoolmapError) {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { (space) throws(PoolmapError) in
            try input.readSome(into: space)
        }
        isAtEnd = count == 0
        byteAhead = isAtEnd ? nil : byte
    }

    /// Gives back the slot that is being filled.
    mutating func abandon(_ workforce: Workforce) {
        if let filling {
            workforce.releaseSlot(filling.slot)
        }
        filling = nil
    }
}
