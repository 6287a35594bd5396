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
    private var files: FileRunner
    private var input = Scratch()
    private var content = Scratch()

    init(_ settings: RunSettings, _ areas: SharedAreas) {
        self.settings = settings
        self.areas = areas
        layout = settings.layout
        files = FileRunner(settings)
    }

    /// Makes what workers that are forked from here on are to have from their birth.
    func prepare() throws(PoolmapError) {
        try settings.contexts.prepare(for: settings)
    }

    func perform(_ work: Work) -> Done {
        do throws(PoolmapError) {
            switch work {
            case .files(let works):
                files.begin()
                defer { files.end() }
                return .files(
                    FileResults(works.all.map { work in files.run(work, work.note.flatMap { areas.note($0) }) }))
            case .compress(let source, let contentBytes, let mark, let slot):
                return .compressed(try compress(source, contentBytes, mark, slot))
            case .verify(let frame):
                return .verified(try verify(frame))
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
        let (content, file, start) = try place(of: source, contentBytes, slot)
        let room = try areas.output(slot, Compressor.bound(of: contentBytes))
        return try settings.contexts.withCompressor(settings.compression) { (compressor) throws(PoolmapError) in
            try compressor.compress(content, into: room, mark) { (piece, offset) throws(PoolmapError) in
                try file?.readAll(into: piece, at: start + UInt64(offset))
            }
        }
    }

    private func digest(_ work: DigestWork) throws(PoolmapError) -> [[UInt8]] {
        var run = DigestRun(
            work.algorithms, at: work.offset, pieceBytes: work.pieceBytes, chunkBytes: work.chunkBytes)
        switch work.source {
        case .slot:
            run.update(UnsafeRawBufferPointer(try areas.input(work.slot, Int(work.byteCount))))
        case .file(let reference, let start):
            var reader = FileReader(reference.descriptor, at: start, byteCount: work.byteCount)
            let space = try input.space(of: Worker.cachedBytes)
            while true {
                let count = try reader.read(into: space)
                if count == 0 { break }
                run.update(UnsafeRawBufferPointer(rebasing: space[..<count]))
            }
        }
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
        let file = work.input.descriptor
        let content = FileReader(file, at: work.contentOffset, byteCount: work.contentBytes)
        return try checksum(of: content) == work.frame.chunkChecksum ? .intact : .otherContent
    }

    /// The CRC-32C of what there is to read.
    private func checksum(of reader: FileReader) throws(PoolmapError) -> UInt32 {
        var reader = reader
        let space = try input.space(of: Worker.cachedBytes)
        var checksum: UInt32 = 0
        while true {
            let count = try reader.read(into: space)
            if count == 0 { return checksum }
            checksum = CRC32C.checksum(
                of: UnsafeRawBufferPointer(rebasing: space[..<count]), continuing: checksum)
        }
    }

    private func decompress(_ frame: FrameWork) throws(PoolmapError) -> DataFrame {
        guard layout.holds(compressedBytes: frame.compressedBytes, contentBound: frame.contentBound) else {
            return try streamFromFile(frame)
        }
        let compressed = try read(frame.source, Int(frame.compressedBytes), frame.slot)
        let bound = Int(frame.contentBound)
        let limit = frame.destination.isSlot ? try areas.output(frame.slot, bound) : try content.space(of: bound)
        let made = try withDecompressor { (decompressor) throws(PoolmapError) in
            try decompressor.decompress(compressed, into: limit)
        }
        let done = DataFrame(whole: compressed, contentBytes: UInt64(made))
        try done.requireContent(frame.contentBytes)
        if case .file(let reference, let offset) = frame.destination {
            let bytes = UnsafeRawBufferPointer(rebasing: limit[..<made])
            try reference.descriptor.writeAll(bytes, at: offset, to: reference.name)
        }
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
            let bytes = UnsafeRawBufferPointer(rebasing: space[..<made])
            try reference.descriptor.writeAll(bytes, at: offset, to: reference.name)
        }
        return done
    }

    /// A frame that is too large for memory: piece by piece from file to file.
    private func streamFromFile(_ frame: FrameWork) throws(PoolmapError) -> DataFrame {
        guard case .file(let reference, let start) = frame.source else {
            throw PoolmapError(.failed, "a frame of \(frame.compressedBytes) bytes does not fit its slot")
        }
        var reader = FileReader(
            reference.descriptor, at: start, byteCount: frame.compressedBytes)
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
                    let place = offset + written - UInt64(bytes.count)
                    try reference.descriptor.writeAll(bytes, at: place, to: reference.name)
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
            decompressor.beginStream()
            var isAtEnd = false
            while true {
                let count = try read(compressed)
                if count == 0 { break }
                var rest = UnsafeRawBufferPointer(rebasing: compressed[..<count])
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
        try settings.contexts.withDecompressor(settings, body)
    }

    /// The memory for the bytes of a task; and if they are not there yet, the file to read them from, and where.
    private func place(
        of source: Work.Source, _ byteCount: Int, _ slot: Int
    ) throws(PoolmapError) -> (memory: UnsafeMutableRawBufferPointer, file: FileDescriptor?, start: UInt64) {
        switch source {
        case .slot:
            return (try areas.input(slot, byteCount), nil, 0)
        case .file(let reference, let offset):
            return (try input.space(of: byteCount), reference.descriptor, offset)
        }
    }

    private func read(
        _ source: Work.Source, _ byteCount: Int, _ slot: Int
    ) throws(PoolmapError) -> UnsafeRawBufferPointer {
        let (memory, file, start) = try place(of: source, byteCount, slot)
        try file?.readAll(into: memory, at: start)
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
