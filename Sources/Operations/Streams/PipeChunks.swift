import Files
import Ground
import Run

/// Decides where chunks of a pipe end, by their content.
protocol PipeCut {
    /// The length of the chunk that begins at `offset`; nil if its end is not in `bytes` yet.
    ///
    /// - Parameters:
    ///   - bytes: the chunk's first bytes; later calls for the same chunk have more of them.
    ///   - isAtEnd: whether the input has no more bytes; these bytes may have been passed before without it.
    mutating func length(
        ofChunkAt offset: UInt64, in bytes: UnsafeRawBufferPointer, isAtEnd: Bool
    ) throws(PoolmapError) -> Int?
}

/// Fills slots with the chunks of a pipe, one after the other, as input arrives.
struct PipeChunks {
    /// What comes next.
    enum Step {
        /// Consecutive chunks in the slot.
        ///
        /// A single chunk may be empty, at the end of the input. The first chunk is handed out only once it is known
        /// whether another follows.
        case chunks([Int], slot: Int)
        case waitForInput
        case waitForSlot
    }

    /// Whether nothing follows the last chunk.
    private(set) var isAtEnd = false
    /// Whether the input has been read to its end.
    private var isInputAtEnd = false
    private var cut: (any PipeCut)?
    private var filling: Filling?
    /// Whether the first chunk has not been handed out yet.
    private var isFirst = true
    /// Bytes of the next chunk that were already read.
    private var carried: [UInt8] = []
    /// The offset in the input of the chunk being filled.
    private var offset: UInt64
    // A pipe returns no more at once, and a chunk may be far larger than the whole input.
    private static let mostBytesOfRead = 1 << 20

    /// A slot with whole chunks, followed by the beginning of the next one.
    private struct Filling {
        let slot: Int
        var chunks: [Int] = []
        /// Where the next chunk begins.
        var start = 0
        var count: Int
    }

    /// - Parameters:
    ///   - cut: nil for chunks of one length.
    ///   - offset: the offset of the first chunk in the input.
    init(cutBy cut: (any PipeCut)? = nil, from offset: UInt64 = 0) {
        (self.cut, self.offset) = (cut, offset)
    }

    /// Reads on; does not block.
    ///
    /// - Parameter mostBytes: the most bytes of chunks that are handed out together; a single chunk may be larger.
    mutating func next(
        of input: InputFile, _ chunkBytes: Int, upTo mostBytes: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        guard var filling = filling == nil ? try begin(workforce) : filling else { return .waitForSlot }
        // Also if a read fails, so that the slot is released.
        defer { self.filling = self.filling == nil ? nil : filling }
        while true {
            var length = try border(filling, workforce)
            while length == nil, filling.count < chunkBytes, !isInputAtEnd {
                guard input.hasInput() else {
                    // More may come at any time, and complete chunks need not wait for it.
                    return filling.chunks.isEmpty ? .waitForInput : try handOut(filling, workforce)
                }
                let end = min(chunkBytes, filling.count + PipeChunks.mostBytesOfRead)
                let area = try workforce.inputArea(filling.slot, filling.start + end)
                let read = try input.readSome(
                    into: UnsafeMutableRawBufferPointer(rebasing: area[(filling.start + filling.count)...]))
                isInputAtEnd = read == 0
                filling.count += read
                length = try border(filling, workforce)
            }
            let byteCount = length ?? filling.count
            isAtEnd = isInputAtEnd && byteCount == filling.count
            if isFirst, !isAtEnd, byteCount == filling.count {
                guard input.hasInput() else { return .waitForInput }
                let looked = try lookAhead(in: input)
                isFirst = false
                end(byteCount, &filling)
                defer { carried = looked }
                return try handOut(filling, workforce)
            }
            isFirst = false
            end(byteCount, &filling)
            if isAtEnd || filling.start + chunkBytes > mostBytes { return try handOut(filling, workforce) }
        }
    }

    private mutating func begin(_ workforce: Workforce) throws(PoolmapError) -> Filling? {
        guard let slot = try workforce.acquireSlot() else { return nil }
        filling = Filling(slot: slot, count: 0)
        let area = try workforce.inputArea(slot, carried.count)
        carried.withUnsafeBytes { area.copyMemory(from: $0) }
        filling?.count = carried.count
        carried = []
        return filling
    }

    /// Ends the current chunk after `byteCount` bytes.
    private mutating func end(_ byteCount: Int, _ filling: inout Filling) {
        // The input may have ended with the previous chunk.
        if byteCount > 0 || filling.chunks.isEmpty {
            filling.chunks.append(byteCount)
        }
        filling.start += byteCount
        filling.count -= byteCount
        offset += UInt64(byteCount)
    }

    private mutating func handOut(_ filled: Filling, _ workforce: Workforce) throws(PoolmapError) -> Step {
        let end = filled.start + filled.count
        if filled.count > 0 {
            carried = Array(try workforce.inputArea(filled.slot, end)[filled.start...])
        }
        filling = nil
        return .chunks(filled.chunks, slot: filled.slot)
    }

    /// The length of the chunk, if its border has been read.
    private mutating func border(_ filling: Filling, _ workforce: Workforce) throws(PoolmapError) -> Int? {
        guard cut != nil else { return nil }
        let area = try workforce.inputArea(filling.slot, filling.start + filling.count)[filling.start...]
        return try cut?.length(
            ofChunkAt: offset, in: UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: area)),
            isAtEnd: isInputAtEnd)
    }

    /// The next byte; empty at the end of the input.
    private mutating func lookAhead(in input: InputFile) throws(PoolmapError) -> [UInt8] {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { (space) throws(PoolmapError) in
            try input.readSome(into: space)
        }
        isInputAtEnd = count == 0
        isAtEnd = isInputAtEnd
        return isAtEnd ? [] : [byte]
    }

    /// Releases the slot that is being filled.
    mutating func abandon(_ workforce: Workforce) {
        if let filling {
            workforce.releaseSlot(filling.slot)
        }
        filling = nil
    }
}

/// Finds where chunks of a pipe end for `--rsyncable`.
struct ContentCut: PipeCut {
    private let borders: ContentBorders
    /// The search for a chunk's border, and how much of the chunk it has seen.
    private var search: (chunk: UInt64, matches: MatchSearch, searchedBytes: Int)?

    init(_ borders: ContentBorders) {
        self.borders = borders
    }

    mutating func length(ofChunkAt offset: UInt64, in bytes: UnsafeRawBufferPointer, isAtEnd: Bool) -> Int? {
        guard bytes.count > borders.leastBytes else { return nil }
        let cell = borders.firstCell(ofChunkAt: offset)
        let known = search.flatMap { $0.chunk == offset ? $0 : nil }
        var matches = known?.matches ?? MatchSearch(borders, from: cell)
        let searchedBytes = known?.searchedBytes ?? Int(cell - offset) - ContentBorders.windowBytes
        var length: Int?
        matches.feed(UnsafeRawBufferPointer(rebasing: bytes[searchedBytes...])) { match in
            let here = Int(match - offset)
            length = here >= borders.leastBytes ? here : nil
            return length != nil
        }
        search = (offset, matches, bytes.count)
        return length
    }
}
