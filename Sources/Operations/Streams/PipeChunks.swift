import Files
import Ground
import Run

/// Says where chunks of a pipe end, by what they hold.
protocol PipeCut {
    /// The length of a chunk that begins at an offset of the input; nil where what there is of it does not hold its end.
    ///
    /// - Parameters:
    ///   - bytes: the chunk's first bytes; it is asked again with more of them, and nothing else between.
    ///   - isAtEnd: whether these are all that the input has; then it is asked a second time about them.
    mutating func length(
        ofChunkAt offset: UInt64, in bytes: UnsafeRawBufferPointer, isAtEnd: Bool
    ) throws(PoolmapError) -> Int?
}

/// Fills slots with the chunks of a pipe, one after the other, as far as there is something to read.
struct PipeChunks {
    /// What comes next.
    enum Step {
        /// Chunks, one behind the other in the slot; of which one, alone, may be empty at the input's end. The first only
        /// once it is known whether another follows.
        case chunks([Int], slot: Int)
        case waitForInput
        case waitForSlot
    }

    /// Nothing comes behind the last chunk.
    private(set) var isAtEnd = false
    /// There is nothing more to read.
    private var isInputAtEnd = false
    private var cut: (any PipeCut)?
    private var filling: Filling?
    /// Whether the first chunk is still to be handed out.
    private var isFirst = true
    /// What was read of the next chunk.
    private var carried: [UInt8] = []
    /// Where in the input the chunk begins that is being filled.
    private var offset: UInt64
    /// No pipe gives more at once, and a chunk may be far larger than all there is.
    private static let mostBytesOfRead = 1 << 20

    /// A slot with whole chunks, and behind them what there is of the next one.
    private struct Filling {
        let slot: Int
        var chunks: [Int] = []
        /// Where the next chunk begins.
        var start = 0
        var count: Int
    }

    /// - Parameters:
    ///   - cut: nil for chunks of one length.
    ///   - offset: where the first chunk begins in the input.
    init(cutBy cut: (any PipeCut)? = nil, from offset: UInt64 = 0) {
        (self.cut, self.offset) = (cut, offset)
    }

    /// Reads on; does not block.
    ///
    /// - Parameter mostBytes: what chunks have that are handed out together; one alone may have more.
    mutating func next(
        of input: InputFile, _ chunkBytes: Int, upTo mostBytes: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        guard var filling = filling == nil ? try begin(workforce) : filling else { return .waitForSlot }
        // Also where a read fails, so that the slot is given back.
        defer { self.filling = self.filling == nil ? nil : filling }
        while true {
            var length = try border(filling, workforce)
            while length == nil, filling.count < chunkBytes, !isInputAtEnd {
                guard input.hasInput() else {
                    // Nobody knows when more comes, and these need not wait for it.
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

    /// Notes that the chunk which is being filled has so many bytes.
    private mutating func end(_ byteCount: Int, _ filling: inout Filling) {
        // The input may have ended with the chunk before.
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

    /// The length of the chunk, if what there is of it holds its border.
    private mutating func border(_ filling: Filling, _ workforce: Workforce) throws(PoolmapError) -> Int? {
        guard cut != nil else { return nil }
        let area = try workforce.inputArea(filling.slot, filling.start + filling.count)[filling.start...]
        return try cut?.length(
            ofChunkAt: offset, in: UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: area)),
            isAtEnd: isInputAtEnd)
    }

    /// The next byte; none at the input's end.
    private mutating func lookAhead(in input: InputFile) throws(PoolmapError) -> [UInt8] {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { (space) throws(PoolmapError) in
            try input.readSome(into: space)
        }
        isInputAtEnd = count == 0
        isAtEnd = isInputAtEnd
        return isAtEnd ? [] : [byte]
    }

    /// Gives back the slot that is being filled.
    mutating func abandon(_ workforce: Workforce) {
        if let filling {
            workforce.releaseSlot(filling.slot)
        }
        filling = nil
    }
}

/// Where chunks of a pipe end for `--rsyncable`.
struct ContentCut: PipeCut {
    private let borders: ContentBorders
    /// The search for a chunk's border, and how much of it that has seen.
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
