import Glibc
import Multiprocessing
import SystemPackage

/// Does the work: in a worker process, or in the front where one process is enough.
///
/// Both run the same code, which is why the output is the same.
final class Worker {
    private let settings: RunSettings
    private let areas: SharedAreas
    private let layout: SlotLayout
    /// The process that hands out the work, in which this was made.
    private let front = getpid()
    private var files: FileRunner
    private var input = Scratch()
    private var content = Scratch()
    /// The last frame of a chunk that is a hole: it is the same for all of one size, but for the mark.
    private var zeros: (frame: CompressedFrame, bytes: [UInt8])?
    /// The last frame of those that are small for their content.
    private var known: KnownFrame?

    init(_ settings: RunSettings, _ areas: SharedAreas) {
        self.settings = settings
        self.areas = areas
        layout = settings.layout
        files = FileRunner(settings)
    }

    /// Makes what workers that are forked from here on are to have from their birth.
    func prepare() throws(PoolmapError) {
        if settings.compression.dictionary != nil {
            try settings.contexts.withCompressor(settings.compression) { _ in }
        } else if settings.dictionary != nil {
            try withDecompressor { _ in }
        }
    }

    func perform(_ work: Work) -> Done {
        do throws(PoolmapError) {
            switch work {
            case .files(let works):
                files.begin()
                defer { files.end() }
                return .files(
                    FileResults(works.all.map { work in files.run(work, work.note.flatMap { areas.note($0) }) }))
            case .names(let bundle):
                guard let operation = settings.bundles else { throw PoolmapError(.failed, "there are no names") }
                return .names(
                    BundleRunner(operation: operation, files: files).run(bundle) { [areas] note in
                        areas.note(note, ofBundle: bundle.generation)
                    })
            case .compress(let source, let contentBytes, let mark, let slot):
                return .compressed(try compress(source, contentBytes, mark, slot))
            case .search(let source, let range):
                return .searched(try search(source, range), upTo: range.upperBound)
            case .verify(let frame):
                return .verified(try verify(frame))
            case .decompress(let frame) where try isForFront(frame):
                return .leftToFront
            case .decompress(let run) where run.isRun:
                return .decompressedRun(try decompressRun(run), isInSlot: run.destination.isSlot)
            case .decompress(let frame):
                return .decompressed(try decompress(frame), isInSlot: frame.destination.isSlot)
            case .digest(let piece):
                return .digested(try digest(piece), byteCount: piece.byteCount)
            }
        } catch {
            return .failed(error)
        }
    }

    /// Performs a task in the front, and says so as a pool would.
    func performHere(_ work: Work, _ task: UInt64) -> TaskCompletion {
        TaskCompletion(task) { perform(work) }
    }

    private func compress(
        _ source: Work.Source, _ contentBytes: Int, _ mark: SectionMark?, _ slot: Int
    ) throws(PoolmapError) -> CompressedFrame {
        if case .zeros = source, let zeros, zeros.frame.contentBytes == contentBytes, zeros.frame.mark == mark {
            try zeros.bytes.withBytes { (bytes) throws(PoolmapError) in
                try areas.output(slot, bytes.count).copyMemory(from: bytes)
            }
            return zeros.frame
        }
        var reader = reader(of: source, UInt64(contentBytes))
        let content = try reader == nil ? areas.input(slot, contentBytes) : input.space(of: contentBytes)
        let room = try areas.output(slot, Compressor.bound(of: contentBytes))
        let frame = try settings.contexts.withCompressor(settings.compression) { (compressor) throws(PoolmapError) in
            try compressor.compress(content, into: room, mark) { (piece) throws(PoolmapError) in
                _ = try reader?.read(into: piece)
            }
        }
        if case .zeros = source {
            zeros = (frame, Array(room[..<frame.compressedBytes]))
        }
        return frame
    }

    private func search(_ source: Work.Source, _ range: Range<UInt64>) throws(PoolmapError) -> [UInt64] {
        let byteCount = range.upperBound - range.lowerBound + UInt64(ContentBorders.windowBytes)
        guard let borders = settings.compression.borders, var reader = reader(of: source, byteCount) else {
            throw PoolmapError(.failed, "nobody has asked for borders by content")
        }
        let space = try input.space(of: Worker.cachedBytes)
        var search = MatchSearch(borders, from: range.lowerBound)
        var found: [UInt64] = []
        try reader.forEachPiece(through: space) { piece in
            search.feed(piece) { match in
                found.append(match)
                return false
            }
        }
        return found
    }

    private func digest(_ work: DigestWork) throws(PoolmapError) -> [[UInt8]] {
        var run = DigestRun(
            work.algorithms, at: work.offset, pieceBytes: work.pieceBytes, chunkBytes: work.chunkBytes)
        guard var reader = reader(of: work.source, work.byteCount) else {
            run.update(UnsafeRawBufferPointer(try areas.input(work.slot, Int(work.byteCount))))
            return run.finish()
        }
        try reader.forEachPiece(through: try input.space(of: Worker.cachedBytes)) { run.update($0) }
        return run.finish()
    }

    /// Reads of this size stay in the nearest cache for those who work on them.
    static let cachedBytes = 256 << 10

    private func verify(_ work: VerifyWork) throws(PoolmapError) -> VerifyWork.Finding {
        let partial = work.partial.descriptor
        let frameBytes = UInt64(work.frame.compressedBytes)
        let frameChecksum: UInt32
        do throws(PoolmapError) {
            frameChecksum = try checksum(of: FileReader(partial, at: work.frameOffset, byteCount: frameBytes))
        } catch {
            return .damaged
        }
        guard frameChecksum == work.frame.frameChecksum else { return .damaged }
        guard let content = reader(of: work.content, work.contentBytes) else {
            throw PoolmapError(.failed, "the content of a frame that was kept is in no file")
        }
        return try checksum(of: content) == work.frame.chunkChecksum ? .intact : .otherContent
    }

    private func checksum(of reader: FileReader) throws(PoolmapError) -> UInt32 {
        try CRC32C.checksum(of: reader, through: try input.space(of: Worker.cachedBytes))
    }

    private func decompress(_ frame: FrameWork) throws(PoolmapError) -> DataFrame {
        guard layout.holds(compressedBytes: frame.compressedBytes, contentBound: frame.contentBound) else {
            return try streamFromFile(frame)
        }
        let compressed = try read(frame.source, Int(frame.compressedBytes), frame.slot)
        if let known, known.serves(compressed, to: frame.destination) {
            let done = DataFrame(whole: compressed, contentBytes: UInt64(known.contentBytes))
            try done.requireContent(frame.contentBytes)
            return done
        }
        let bound = Int(frame.contentBound)
        let limit = frame.destination.isSlot ? try areas.output(frame.slot, bound) : try content.space(of: bound)
        let made = try withDecompressor { (decompressor) throws(PoolmapError) in
            try decompressor.decompress(compressed, into: limit)
        }
        let done = DataFrame(whole: compressed, contentBytes: UInt64(made))
        try done.requireContent(frame.contentBytes)
        var isHole = false
        if case .file(let reference, let offset) = frame.destination {
            isHole = try !write(UnsafeRawBufferPointer(rebasing: limit[..<made]), at: offset, to: reference)
        }
        known = KnownFrame(compressed, contentBytes: made, isZeros: isHole) ?? known
        return done
    }

    /// Small frames, which lie one behind the other; so does their content.
    private func decompressRun(_ run: FrameWork) throws(PoolmapError) -> FrameRunDone {
        let compressed = try read(run.source, Int(run.compressedBytes), run.slot)
        let bound = Int(run.contentBound)
        let space = run.destination.isSlot ? try areas.output(run.slot, bound) : try content.space(of: bound)
        var done = FrameRunDone()
        var (position, made) = (0, 0)
        while position < compressed.count {
            let rest = UnsafeRawBufferPointer(rebasing: compressed[position...])
            // It was walked over before, so that it can only fail where the file was changed meanwhile.
            let info = try formatErrors { () throws(FormatError) in try FrameWalker.walk(rest) }
            position += Int(info.compressedBytes)
            guard info.kind == .zstandard else { continue }
            let frame = UnsafeRawBufferPointer(rebasing: rest[..<Int(info.compressedBytes)])
            let bound = Int(LocatedFrame(info, at: 0).contentBound)
            let place = UnsafeMutableRawBufferPointer(rebasing: space[min(made, space.count)...].prefix(bound))
            do throws(PoolmapError) {
                let count = try withDecompressor { (decompressor) throws(PoolmapError) in
                    try decompressor.decompress(frame, into: place)
                }
                let whole = DataFrame(whole: frame, contentBytes: UInt64(count))
                try whole.requireContent(info.contentBytes)
                done.contentBytes.append(UInt32(count))
                done.checksums.append(whole.crc32c ?? 0)
                made += count
            } catch {
                done.failures.append(FrameRunDone.Failure(index: done.contentBytes.count, error: error))
                guard run.goesOnAfterDamage else { break }
                done.contentBytes.append(0)
                done.checksums.append(0)
            }
        }
        if case .file(let reference, let offset) = run.destination {
            try write(UnsafeRawBufferPointer(rebasing: space[..<made]), at: offset, to: reference)
        }
        return done
    }

    /// False where all of it became a hole.
    @discardableResult
    private func write(
        _ bytes: UnsafeRawBufferPointer, at offset: UInt64, to target: FileReference
    ) throws(PoolmapError) -> Bool {
        try target.descriptor.write(bytes, at: offset, to: target.name, leavesHoles: settings.policy.leavesHoles)
    }

    /// Whether a frame needs a larger window than a worker may have.
    private func isForFront(_ frame: FrameWork) throws(PoolmapError) -> Bool {
        guard let memory = settings.memory, getpid() != front,
            var reader = reader(of: frame.source, frame.compressedBytes),
            !layout.holds(compressedBytes: frame.compressedBytes, contentBound: frame.contentBound)
        else { return false }
        let head = try input.space(of: FrameHead.mostBytes)
        let count = try reader.read(into: head)
        let window = FrameHead(UnsafeRawBufferPointer(rebasing: head[..<count]), at: 0)?.windowBytes
        return window.map { $0 > memory.windowBytesOfWorker } ?? false
    }

    /// A frame that is too large for memory: piece by piece from file to file.
    private func streamFromFile(_ frame: FrameWork) throws(PoolmapError) -> DataFrame {
        guard var reader = reader(of: frame.source, frame.compressedBytes) else {
            throw PoolmapError(.failed, "a frame of \(frame.compressedBytes) bytes does not fit its slot")
        }
        var written: UInt64 = 0
        let done = try decompressStream(
            read: { (space) throws(PoolmapError) in try reader.read(into: space) },
            write: { (bytes) throws(PoolmapError) in
                written += UInt64(bytes.count)
                // A table that says too little must not make this frame overwrite the next one's place.
                if let limit = frame.contentBytes, written > limit {
                    throw PoolmapError(.damaged, "there is more content than the sizes in the file say")
                }
                if case .file(let reference, let offset) = frame.destination {
                    try self.write(bytes, at: offset + written - UInt64(bytes.count), to: reference)
                }
            })
        try done.requireContent(frame.contentBytes)
        return done
    }

    /// Decompresses one frame piece by piece.
    ///
    /// - Parameters:
    ///   - read: fills a buffer with the frame's next bytes and returns how many; 0 at its end.
    ///   - write: takes content.
    func decompressStream(
        read: (UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int,
        write: (UnsafeRawBufferPointer) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> DataFrame {
        let compressed = try input.space(of: 1 << 18)
        let made = try content.space(of: 1 << 18)
        var frame = DataFrameBuilder()
        try withDecompressor { (decompressor) throws(PoolmapError) in
            var hasBegun = false
            var isAtEnd = false
            while true {
                let count = try read(compressed)
                if count == 0 { break }
                var rest = UnsafeRawBufferPointer(rebasing: compressed[..<count])
                if !hasBegun {
                    hasBegun = true
                    try decompressor.beginStream(rest)
                }
                frame.add(compressed: rest)
                var isFlushed = false
                while !rest.isEmpty || !isFlushed {
                    if isAtEnd {
                        throw PoolmapError(.damaged, "a frame has fewer bytes than the seek table says")
                    }
                    let step = try decompressor.decompressPiece(rest, into: made)
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(step.used))
                    try write(UnsafeRawBufferPointer(rebasing: made[..<step.made]))
                    frame.contentBytes += UInt64(step.made)
                    isAtEnd = step.isAtEnd
                    // A full buffer may mean that there is more to come out.
                    isFlushed = step.made < made.count || isAtEnd
                }
            }
            if !isAtEnd {
                throw PoolmapError(.damaged, "a frame has more bytes than the seek table says")
            }
        }
        return frame.finish()
    }

    private func withDecompressor<Result>(
        _ body: (inout Decompressor) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        try settings.contexts.withDecompressor(settings.windowLimit, settings.dictionary, body)
    }

    /// Reads the bytes of a task; nil where they are in its slot.
    private func reader(of source: Work.Source, _ byteCount: UInt64) -> FileReader? {
        switch source {
        case .slot: nil
        case .file(let reference, let offset, let hasHoles):
            FileReader(reference.descriptor, at: offset, byteCount: byteCount, hasHoles: hasHoles)
        case .zeros: FileReader(zeros: byteCount)
        }
    }

    private func read(
        _ source: Work.Source, _ byteCount: Int, _ slot: Int
    ) throws(PoolmapError) -> UnsafeRawBufferPointer {
        guard var reader = reader(of: source, UInt64(byteCount)) else {
            return UnsafeRawBufferPointer(try areas.input(slot, byteCount))
        }
        let memory = try input.space(of: byteCount)
        _ = try reader.read(into: memory)
        return UnsafeRawBufferPointer(memory)
    }
}

/// Gathers what is to be known of a frame whose bytes come in pieces.
private struct DataFrameBuilder {
    var contentBytes: UInt64 = 0
    private var compressedBytes: UInt64 = 0
    private var crc32c: UInt32 = 0
    private var firstBytes: [UInt8] = []
    private var lastBytes: [UInt8] = []

    mutating func add(compressed bytes: UnsafeRawBufferPointer) {
        firstBytes += bytes.prefix(SectionMark.shownBytes - firstBytes.count)
        compressedBytes += UInt64(bytes.count)
        crc32c = CRC32C.checksum(of: bytes, continuing: crc32c)
        lastBytes = Array((lastBytes + bytes.suffix(4)).suffix(4))
    }

    func finish() -> DataFrame {
        let head = firstBytes.withUnsafeBytes { FrameHead($0, at: 0) }
        let hasChecksum = head?.hasChecksum ?? false
        return DataFrame(
            compressedBytes: compressedBytes, contentBytes: contentBytes,
            contentChecksum: hasChecksum ? lastBytes.withUnsafeBytes { $0.trailingChecksum } : nil, crc32c: crc32c,
            mark: head?.mark)
    }
}

extension DataFrame {
    /// Throws if the content has another size than its header or the seek table has announced.
    func requireContent(_ announced: UInt64?) throws(PoolmapError) {
        if let announced, contentBytes != announced {
            throw PoolmapError(
                .damaged, "a frame has \(contentBytes) bytes of content where \(announced) were announced")
        }
    }

    /// Of a frame that is whole in memory.
    init(whole frame: UnsafeRawBufferPointer, contentBytes: UInt64) {
        self.init(
            compressedBytes: UInt64(frame.count), contentBytes: contentBytes,
            contentChecksum: FrameDescriptor(frame[4]).hasChecksum ? frame.trailingChecksum : nil,
            crc32c: CRC32C.checksum(of: frame), mark: SectionMark(of: frame))
    }
}
