/// Fills slots with the chunks of a pipe, one after the other, as far as there is something to read.
struct PipeChunks {
    /// What comes next.
    enum Step {
        /// A chunk, which may be empty at the input's end; the first only once it is known whether another follows.
        case chunk(count: Int, slot: Int)
        case waitForInput
        case waitForSlot
    }

    /// Nothing comes behind the last chunk.
    private(set) var isAtEnd = false
    private let borders: ContentBorders?
    private var filling: (slot: Int, count: Int)?
    /// Whether the first chunk is still to be handed out.
    private var isFirst = true
    /// What was read of the next chunk.
    private var carried: [UInt8] = []
    /// Where in the input the chunk begins that is being filled.
    private var offset: UInt64 = 0
    /// The search for its border, and how much of it that has seen.
    private var search: (MatchSearch, searchedBytes: Int)?
    /// No pipe gives more at once, and a chunk may be far larger than all there is.
    private static let mostBytesOfRead = 1 << 20

    /// - Parameter borders: nil for chunks of one length.
    init(cutBy borders: ContentBorders? = nil) {
        self.borders = borders
    }

    /// Reads on; does not block.
    mutating func next(
        of input: InputFile, _ chunkBytes: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        if filling == nil {
            guard let slot = try workforce.acquireSlot() else { return .waitForSlot }
            filling = (slot, 0)
            let area = try workforce.inputArea(slot, carried.count)
            carried.withUnsafeBytes { area.copyMemory(from: $0) }
            filling = (slot, carried.count)
            carried = []
        }
        guard let filling else { return .waitForSlot }
        let slot = filling.slot
        var count = filling.count
        var length = try border(slot, count, workforce)
        while length == nil, count < chunkBytes {
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
            length = try border(slot, count, workforce)
        }
        if isFirst, !isAtEnd, length ?? count == count {
            guard try input.hasInput() else { return .waitForInput }
            try lookAhead(in: input)
        }
        isFirst = false
        self.filling = nil
        guard let length, length < count else { return handOut(count, slot) }
        carried = Array(try workforce.inputArea(slot, count)[length...])
        return handOut(length, slot)
    }

    private mutating func handOut(_ count: Int, _ slot: Int) -> Step {
        offset += UInt64(count)
        search = nil
        return .chunk(count: count, slot: slot)
    }

    /// The length of the chunk, if its first `count` bytes hold its border.
    private mutating func border(_ slot: Int, _ count: Int, _ workforce: Workforce) throws(PoolmapError) -> Int? {
        guard let borders, count > borders.leastBytes else { return nil }
        let cell = borders.firstCell(ofChunkAt: offset)
        let begin = Int(cell - offset) - ContentBorders.windowBytes
        var (matches, searchedBytes) = search ?? (MatchSearch(borders, from: cell), begin)
        let bytes = try workforce.inputArea(slot, count)[searchedBytes..<count]
        var length: Int?
        matches.feed(UnsafeRawBufferPointer(rebasing: bytes)) { match in
            let here = Int(match - offset)
            length = here >= borders.leastBytes ? here : nil
            return length != nil
        }
        search = (matches, count)
        return length
    }

    private mutating func lookAhead(in input: InputFile) throws(PoolmapError) {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { (space) throws(PoolmapError) in
            try input.readSome(into: space)
        }
        isAtEnd = count == 0
        carried = isAtEnd ? [] : [byte]
    }

    /// Gives back the slot that is being filled.
    mutating func abandon(_ workforce: Workforce) {
        if let filling {
            workforce.releaseSlot(filling.slot)
        }
        filling = nil
    }
}
