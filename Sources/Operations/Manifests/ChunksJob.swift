import Digests
import Files
import Ground
import Run
import SystemPackage

/// Hashes each chunk of an input separately, in pieces of whole chunks, each in a worker.
///
/// Workers read a regular file themselves; a pipe is read here, into slots. Chunks of a pipe that are too large for a
/// slot are hashed here.
final class ChunksJob: Job {
    private let input: InputFile
    private let scheme: ManifestScheme
    private let sink: any ChunkSink
    private let meter: Meter
    private let pieceBytes: UInt64
    /// Where the last piece ends; nil for the end of a pipe.
    private let end: UInt64?
    private var offset: UInt64
    private var index = 0
    /// The end of the last piece whose digests have arrived.
    private var acceptedEnd: UInt64
    private var chunks = PipeChunks()
    private var isInputAtEnd = false
    /// How many bytes a pipe has after the last piece.
    private var surplusBytes: UInt64 = 0
    /// The chunk being hashed here, how much of it is hashed, and whether that step is in progress.
    private var chunk: (any PieceHasher)?
    private var chunkTaken: UInt64 = 0
    private var isReading = false
    private var space = Scratch()

    /// - Parameters:
    ///   - part: the range to hash, which begins with a chunk; nil for all. For a pipe it must begin at 0, and the pipe
    ///     is still read to its end. If a regular file ends before the part does, only whole chunks are hashed.
    ///   - sink: takes the digests.
    init(
        _ input: InputFile, _ scheme: ManifestScheme, part: Range<UInt64>? = nil, into sink: any ChunkSink,
        _ meter: Meter
    ) {
        self.input = input
        self.scheme = scheme
        self.sink = sink
        self.meter = meter
        pieceBytes = PieceSize.ofChunks(scheme.chunkBytes, isRegular: input.isRegular)
        offset = part?.lowerBound ?? 0
        acceptedEnd = offset
        guard input.isRegular else {
            end = part?.upperBound
            meter.expect(input)
            return
        }
        let wanted = part ?? 0..<input.byteCount
        let wholeChunks = input.byteCount / scheme.chunkBytes * scheme.chunkBytes
        let end = wanted.upperBound <= input.byteCount ? wanted.upperBound : max(wholeChunks, wanted.lowerBound)
        self.end = end
        meter.expect(end - offset)
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if input.isRegular {
            guard let end, offset < end else { return .end }
            let pieceCount = UInt64(workforce.taskBytes(of: end - offset, most: Digestion.mostTaskBytes)) / pieceBytes
            let count = min(max(1, pieceCount) * pieceBytes, end - offset)
            return work(input.source(at: offset, count), count, nil)
        }
        if let end, offset == end { return try readSurplus() }
        if isInputAtEnd { return .end }
        guard pieceBytes <= UInt64(workforce.layout.inputBytes) else { return try nextInOrder() }
        let wanted = min(pieceBytes, end.map { $0 - offset } ?? .max)
        switch try chunks.next(of: input, Int(wanted), upTo: 0, workforce) {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .chunks(let counts, let slot):
            let count = counts.reduce(0, +)
            isInputAtEnd = chunks.isAtEnd
            if count == 0 {
                workforce.releaseSlot(slot)
                return .end
            }
            return work(.slot(offset: 0), UInt64(count), slot)
        }
    }

    private func work(_ source: Source, _ count: UInt64, _ slot: Int?) -> Step {
        let work = Digestion.Work(
            source: source, offset: offset, byteCount: count, slot: slot ?? 0, algorithms: [scheme.algorithm],
            pieceBytes: pieceBytes, chunkBytes: scheme.chunkBytes)
        let pieces = work.pieces.map { range in
            defer {
                index += 1
                offset += range.upperBound - range.lowerBound
            }
            return Piece(
                noun: "piece", index: index, offset: offset, byteCount: range.upperBound - range.lowerBound)
        }
        return .work(
            Digestion.task(work, input.handed, byteCount: count), pieces, slot: slot,
            isLast: input.isRegular ? offset == end : isInputAtEnd)
    }

    /// Hashes in the front what a pipe has now, and waits for more as for any other input.
    private func nextInOrder() throws(PoolmapError) -> Step {
        if isReading { return .waitForTurn }
        guard input.hasInput() else { return .waitForInput(input.descriptor) }
        isReading = true
        defer { index += 1 }
        return .local(Piece(noun: "piece", index: index, offset: offset + chunkTaken, byteCount: 0)) {
            [self] () throws(PoolmapError) in try hashHere()
        }
    }

    private func hashHere() throws(PoolmapError) {
        defer { isReading = false }
        for _ in 0..<ChunksJob.mostReads {
            let wanted = min(scheme.chunkBytes, end.map { $0 - offset } ?? .max) - chunkTaken
            let space = try space.space(of: Int(min(UInt64(Hands.cachedBytes), wanted)))
            let count = try input.readSome(into: space)
            var hasher = chunk ?? scheme.algorithm.wholeHasher()
            hasher.update(UnsafeRawBufferPointer(rebasing: space[..<count]))
            chunk = hasher
            chunkTaken += UInt64(count)
            meter.add(input: UInt64(count))
            isInputAtEnd = count == 0
            if isInputAtEnd || UInt64(count) == wanted {
                try endChunk()
            }
            guard !isInputAtEnd, offset != end, input.hasInput() else { return }
        }
    }

    /// After this many reads, the front serves other jobs.
    private static let mostReads = 16

    private func endChunk() throws(PoolmapError) {
        if chunkTaken > 0, let digest = chunk?.finish() {
            try sink.take(digest, byteCount: chunkTaken)
        }
        offset += chunkTaken
        (chunk, chunkTaken) = (nil, 0)
    }

    /// Counts the bytes after the part.
    private func readSurplus() throws(PoolmapError) -> Step {
        while !isInputAtEnd {
            guard input.hasInput() else { return .waitForInput(input.descriptor) }
            let count = try input.readSome(into: try space.space(of: Hands.cachedBytes))
            isInputAtEnd = count == 0
            surplusBytes += UInt64(count)
            meter.add(input: UInt64(count))
        }
        return .end
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        for piece in try Digestion.done(answer).pieces {
            try sink.take(piece.digests.flatMap { $0 }, byteCount: piece.byteCount)
            acceptedEnd += piece.byteCount
            meter.add(input: piece.byteCount)
        }
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: acceptedEnd)
        try input.requireUnchanged()
        return try sink.finish(byteCount: input.isRegular ? input.byteCount : offset + surplusBytes)
    }

    func abandon(_ workforce: Workforce) {
        input.leaveOffset(behind: acceptedEnd)
        chunks.abandon(workforce)
    }
}

/// Has one worker hash the chunks of a small file; the worker opens the file too.
final class WholeChunksJob: Job {
    let isOpen = false
    private let file: WholeFileJob
    private let scheme: ManifestScheme
    private let sink: any ChunkSink
    private let byteCount: UInt64?

    /// - Parameters:
    ///   - byteCount: the file's size.
    ///   - mayDiffer: whether the size may have changed since then.
    init(
        _ input: Place, byteCount: UInt64, mayDiffer: Bool, _ scheme: ManifestScheme, into sink: any ChunkSink,
        _ meter: Meter
    ) {
        var work = FileWork(input: input, byteCount: byteCount)
        work.algorithms = [scheme.algorithm]
        work.chunkBytes = scheme.chunkBytes
        file = WholeFileJob(work, to: .nowhere, in: nil, meter)
        self.byteCount = mayDiffer ? nil : byteCount
        self.scheme = scheme
        self.sink = sink
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        try file.next(workforce)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        try file.accept(answer, slot: slot, workforce)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        let summary = file.finish()
        if let byteCount, byteCount != summary.inputBytes {
            throw PoolmapError(.changed, "changed while it was read")
        }
        var digests: [UInt8] = []
        for text in summary.digests {
            let digits = Array(text.utf8)
            guard let digest = digits.withUnsafeBytes({ ManifestText.digest($0, byteCount: scheme.digestBytes) }) else {
                throw PoolmapError(.failed, "internal error: unexpected answer from a worker")
            }
            digests += digest
        }
        try sink.take(digests, byteCount: summary.inputBytes)
        return try sink.finish(byteCount: summary.inputBytes)
    }
}
