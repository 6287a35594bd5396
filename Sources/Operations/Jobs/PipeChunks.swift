import Files
import Ground
import Run

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
    private let borders: ContentBorders?
    private var filling: Filling?
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

    /// A slot with whole chunks, and behind them what there is of the next one.
    private struct Filling {
        let slot: Int
        var chunks: [Int] = []
        /// Where the next chunk begins.
        var start = 0
        var count: Int
    }

    /// - Parameter borders: nil for chunks of one length.
    init(cutBy borders: ContentBorders? = nil) {
        self.borders = borders
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
            while length == nil, filling.count < chunkBytes {
                guard input.hasInput() else {
                    // Nobody knows when more comes, and these need not wait for it.
                    return filling.chunks.isEmpty ? .waitForInput : try handOut(filling, workforce)
                }
                let end = min(chunkBytes, filling.count + PipeChunks.mostBytesOfRead)
                let area = try workforce.inputArea(filling.slot, filling.start + end)
                let read = try input.readSome(
                    into: UnsafeMutableRawBufferPointer(rebasing: area[(filling.start + filling.count)...]))
                if read == 0 {
                    isAtEnd = true
                    break
                }
                filling.count += read
                length = try border(filling, workforce)
            }
            let byteCount = length ?? filling.count
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
        search = nil
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
        let count = filling.count
        guard let borders, count > borders.leastBytes else { return nil }
        let cell = borders.firstCell(ofChunkAt: offset)
        let begin = Int(cell - offset) - ContentBorders.windowBytes
        var (matches, searchedBytes) = search ?? (MatchSearch(borders, from: cell), begin)
        let area = try workforce.inputArea(filling.slot, filling.start + count)
        let bytes = area[(filling.start + searchedBytes)...]
        var length: Int?
        matches.feed(UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: bytes))) { match in
            let here = Int(match - offset)
            length = here >= borders.leastBytes ? here : nil
            return length != nil
        }
        search = (matches, count)
        return length
    }

    /// The next byte; none at the input's end.
    private mutating func lookAhead(in input: InputFile) throws(PoolmapError) -> [UInt8] {
        var byte: UInt8 = 0
        let count = try withUnsafeMutableBytes(of: &byte) { (space) throws(PoolmapError) in
            try input.readSome(into: space)
        }
        isAtEnd = count == 0
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
