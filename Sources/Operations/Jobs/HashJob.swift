import Digests
import Files
import Glibc
import Ground
import Run
import SystemPackage

/// Hashes one input in pieces, each in a worker, and joins the results.
///
/// Workers read a regular file themselves; a pipe is read here, into slots. If an algorithm must process the input from
/// beginning to end, a file is one piece, unless it is the only input. The only input and a pipe are then hashed here,
/// slice by slice, so that other jobs are served in between and progress is shown.
final class HashJob: Job {
    private let input: InputFile
    private let algorithms: [HashAlgorithm]
    private let meter: Meter
    /// nil if the input is one piece.
    private let pieceBytes: UInt64?
    /// The hash of an input that is hashed here; nil if workers do it.
    private var own: DigestRun?
    private var isSliceUnderWay = false
    private let isOnlyInput: Bool
    private var join: DigestJoin
    private var chunks = PipeChunks()
    private var index = 0
    private var offset: UInt64 = 0
    private var isAtEnd = false
    /// Where pieces are kept for a later run; nil if they are not.
    private let state: HashState?
    /// Where pieces go that are part of a job; nil if they are joined here.
    private let part: PartWriter?
    /// Where the last piece of a regular file ends.
    private let end: UInt64
    /// Everything before this offset is hashed, by this part or an earlier one.
    private var acceptedBytes: UInt64 = 0

    /// - Parameters:
    ///   - isOnlyInput: whether there is no other work at the same time.
    ///   - part: the part to hash, with algorithms that can be joined; nil for all.
    ///   - notice: called if there is a state.
    init(
        _ input: InputFile, _ algorithms: [HashAlgorithm], _ meter: Meter, isOnlyInput: Bool,
        _ state: HashState? = nil, part: PartWriter? = nil, notice: (ResumeNotice) -> Void = { _ in }
    ) throws(PoolmapError) {
        self.input = input
        self.algorithms = algorithms
        self.meter = meter
        self.isOnlyInput = isOnlyInput
        pieceBytes = PieceSize.bytes(algorithms, wanted: input.isRegular ? PieceSize.ofFile : PieceSize.ofPipe)
        join = DigestJoin(algorithms, pieceBytes: pieceBytes)
        if input.isRegular {
            try algorithms.requireParts(of: input.byteCount)
        }
        // A file of size 0 that is not empty has no pieces at known offsets.
        self.state = input.isRegular ? state : nil
        self.part = part
        end = part?.share.upperBound ?? input.byteCount
        if let part {
            offset = part.share.lowerBound
            index = Int(offset / (pieceBytes ?? .max))
            acceptedBytes = offset
            // The one piece of an empty input belongs to the first part.
            isAtEnd = input.isRegular ? offset == end : part.number.number > 1
            meter.expect(end - offset)
        } else {
            meter.expect(input)
        }
        try resume(notice)
    }

    private func resume(_ notice: (ResumeNotice) -> Void) throws(PoolmapError) {
        guard let state, let pieceBytes else { return }
        let loss = try state.open(for: input, algorithms, pieceBytes: pieceBytes, part?.number) {
            (piece) throws(PoolmapError) in
            guard !isAtEnd else { return }
            let count = nextByteCount
            try take(piece, byteCount: count)
            moveOn(count)
            meter.add(input: count)
        }
        if let loss {
            notice(.loss(loss))
        }
        let start = part?.share.lowerBound ?? 0
        let (kept, all) = (offset - start, end - start)
        notice(
            .kept(
                "keeping \((kept + pieceBytes - 1) / pieceBytes) of \((all + pieceBytes - 1) / pieceBytes) chunks"))
    }

    /// The size of the next piece of a regular file.
    private var nextByteCount: UInt64 {
        min(pieceBytes ?? .max, end - offset)
    }

    private func moveOn(_ count: UInt64) {
        index += 1
        offset += count
        isAtEnd = input.isRegular ? offset == end : chunks.isAtEnd
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isAtEnd { return .end }
        if own != nil { return try nextSlice() }
        if input.isRegular {
            if pieceBytes == nil && isOnlyInput { return try beginSlices() }
            return workOnFile(workforce)
        }
        guard let pieceBytes, pieceBytes <= UInt64(workforce.layout.inputBytes) else { return try beginSlices() }
        switch try chunks.next(of: input, Int(pieceBytes), upTo: 0, workforce) {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .chunks(let counts, let slot):
            let count = counts.reduce(0, +)
            do throws(PoolmapError) {
                // A pipe may be endless, and one piece of it may have very many parts.
                try algorithms.requireParts(of: offset + UInt64(count))
            } catch {
                workforce.releaseSlot(slot)
                throw error
            }
            // The input ended with the previous piece; an empty input is one empty piece.
            if count == 0 && index > 0 {
                workforce.releaseSlot(slot)
                return .end
            }
            // If there is no more input yet, the front would only wait, and the bytes are still in its cache.
            let hasMore = input.hasInput()
            return work(.slot(offset: 0), UInt64(count), slot, mayBeDoneHere: !hasMore)
        }
    }

    /// Hands out as many pieces of a file as are worth a message.
    private func workOnFile(_ workforce: Workforce) -> Step {
        var count = nextByteCount
        // With a state, each piece is recorded as soon as it is done.
        if let pieceBytes, state == nil {
            let rest = end - offset
            let pieceCount = UInt64(workforce.taskBytes(of: rest, most: Digestion.mostTaskBytes)) / pieceBytes
            count = min(rest, max(1, pieceCount) * pieceBytes)
        }
        return work(input.source(at: offset, count), count, nil)
    }

    private func work(
        _ source: Source, _ count: UInt64, _ slot: Int?, mayBeDoneHere: Bool = false
    ) -> Step {
        let work = Digestion.Work(
            source: source, offset: offset, byteCount: count, slot: slot ?? 0, algorithms: algorithms,
            pieceBytes: pieceBytes)
        let pieces = work.pieces.map { range in
            defer { moveOn(range.upperBound - range.lowerBound) }
            return Piece(
                noun: "chunk", index: index, offset: offset, byteCount: range.upperBound - range.lowerBound)
        }
        return .work(
            Digestion.task(work, input.handed, byteCount: count), pieces, slot: slot, isLast: isAtEnd,
            mayBeDoneHere: mayBeDoneHere)
    }

    // MARK: In the front

    private static let sliceBytes: UInt64 = 32 << 20

    private func beginSlices() throws(PoolmapError) -> Step {
        own = DigestRun(algorithms, pieceBytes: pieceBytes)
        return try nextSlice()
    }

    private func nextSlice() throws(PoolmapError) -> Step {
        if isSliceUnderWay { return .waitForTurn }
        // The size of a pipe is not known in advance.
        var piece: Piece?
        if input.isRegular {
            let count = min(HashJob.sliceBytes, input.byteCount - offset)
            piece = Piece(noun: "chunk", index: index, offset: offset, byteCount: count)
        } else if !input.hasInput() {
            return .waitForInput(input.descriptor)
        }
        isSliceUnderWay = true
        return .local(piece) { [self] () throws(PoolmapError) in try hashSlice() }
    }

    private func hashSlice() throws(PoolmapError) {
        isSliceUnderWay = false
        let space = try allocate(Hands.cachedBytes)
        defer { free(space.baseAddress) }
        let start = offset
        if input.isRegular {
            let byteCount = min(HashJob.sliceBytes, input.byteCount - start)
            var reader = input.reader(at: start, byteCount: byteCount)
            while take(try reader.read(into: space), of: space) {}
            isAtEnd = offset == input.byteCount
        } else {
            while offset < start + HashJob.sliceBytes, input.hasInput() {
                isAtEnd = !take(try input.readSome(into: space), of: space)
                try algorithms.requireParts(of: offset)
                if isAtEnd { break }
            }
        }
        index += 1
        meter.add(input: offset - start)
        if isAtEnd, let piece = own?.finish() {
            try take(piece, byteCount: offset)
        }
    }

    /// Returns false if there were no bytes.
    private func take(_ count: Int, of space: UnsafeMutableRawBufferPointer) -> Bool {
        own?.update(UnsafeRawBufferPointer(rebasing: space[..<count]))
        offset += UInt64(count)
        return count > 0
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        for piece in try Digestion.done(answer).pieces {
            try take(piece.digests, byteCount: piece.byteCount)
            try state?.append(piece.digests)
            meter.add(input: piece.byteCount)
        }
    }

    private func take(_ piece: [[UInt8]], byteCount: UInt64) throws(PoolmapError) {
        if let part {
            try part.take(RecordJournal.content(of: piece), byteCount: byteCount)
        } else {
            try join.add(piece, byteCount: byteCount)
        }
        acceptedBytes += byteCount
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: offset)
        do throws(PoolmapError) {
            try input.requireUnchanged()
        } catch {
            // What was kept belongs to content that no longer exists.
            state?.remove()
            throw error
        }
        guard acceptedBytes == offset, !input.isRegular || offset == end else {
            throw PoolmapError(.failed, "\(acceptedBytes) of \(offset) bytes were hashed")
        }
        if let part { return try part.finish(byteCount: end) }
        return JobSummary(inputBytes: offset, digests: try join.finish())
    }

    func abandon(_ workforce: Workforce) {
        input.leaveOffset(behind: own == nil ? acceptedBytes : offset)
        chunks.abandon(workforce)
    }
}
