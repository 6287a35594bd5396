import Files
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// Decompresses a frame, or a run of small ones, into its slot, into its place in the target, or to nowhere.
///
/// `DecompressJob`, `CatJob` and `SalvageJob` share it; each cuts and joins in its own way.
final class FrameDecompression: Operation {
    private let settings: Settings
    private let contexts: Contexts
    private var input = Scratch()
    private var content = Scratch()
    /// The last frame that was small for its content.
    private var known: KnownFrame?

    /// What holds for all frames of a command.
    struct Settings {
        let limit: WindowLimit
        /// The dictionary for decompression; nil for none.
        let dictionary: ZstdDictionary?
        /// The largest window of a frame that a worker streams, in bytes; nil for any.
        let mostStreamedWindow: UInt64?
        /// Whether zeros become holes in the target.
        let leavesHoles: Bool
        /// Whether to compute the CRC-32C of the content, for the table of a part.
        let tellsContentChecksums: Bool
    }

    init(_ settings: Settings, _ contexts: Contexts) {
        self.settings = settings
        self.contexts = contexts
    }

    struct Work: Message, BitwiseCopyable {
        var source: Source
        /// For a run, including the skippable frames in it.
        var compressedBytes: UInt64
        /// Whether there may be several consecutive frames; the sizes then cover all of them.
        var isRun = false
        /// Whether frames of a run after a damaged one are wanted too.
        var goesOnAfterDamage = false
        /// The content size required; nil if unknown.
        var contentBytes: UInt64?
        /// An upper bound of the content size.
        var contentBound: UInt64
        /// The task's slot.
        var slot: Int
        var destination: Destination
    }

    /// Where the content goes.
    enum Destination: BitwiseCopyable {
        /// To the output area of the slot.
        case slot
        /// The worker writes it to its place in the target, which is the last of the task's files.
        case file(offset: UInt64)
        /// Nowhere; the content is only checked.
        case nowhere

        var isSlot: Bool {
            if case .slot = self { return true }
            return false
        }

        var isFile: Bool {
            if case .file = self { return true }
            return false
        }
    }

    /// What happened to the content of a frame or a run.
    struct Content: BitwiseCopyable {
        /// Whether it is in the slot, and not yet in the target.
        var isInSlot: Bool
        /// The CRC-32C of all of it; nil if not needed.
        var checksum: UInt32?
    }

    enum Done: Message {
        case frame(DataFrame, Content)
        case run(FrameRunDone, Content)
        /// The target could not be written.
        case unwritten(errno: Int32)

        init(from message: inout MessageReader) throws(PoolmapError) {
            switch try message.next(UInt8.self) {
            case 0: self = .frame(try message.next(), try message.next())
            case 1: self = .run(try FrameRunDone(from: &message), try message.next())
            default: self = .unwritten(errno: try message.next())
            }
        }

        func write(to message: inout MessageWriter) {
            switch self {
            case .frame(let frame, let content):
                message.add(UInt8(0))
                message.add(frame)
                message.add(content)
            case .run(let run, let content):
                message.add(UInt8(1))
                run.write(to: &message)
                message.add(content)
            case .unwritten(let errno):
                message.add(UInt8(2))
                message.add(errno)
            }
        }
    }

    /// A task for frames of `input`; includes the target if the worker writes to it.
    static func task(_ work: Work, _ input: InputFile, _ output: Output) -> TaskMessage {
        var files = input.handed
        if case .file = work.destination, case .file(let target) = output {
            files.append(target.handed)
        }
        return task(work, files, byteCount: max(work.contentBound, work.compressedBytes))
    }

    static func results(of done: Done) -> [PieceResult] {
        switch done {
        case .frame(let frame, _): [PieceResult(text: .object([("bytes", .number(frame.contentBytes))]))]
        case .run(let run, _):
            [
                PieceResult(
                    text: run.failures.first.map { .object([("error", .error($0.error))]) }
                        ?? .object([("bytes", .number(UInt64(run.totalBytes)))]))
            ]
        case .unwritten(let errno):
            [PieceResult(text: .object([("error", .error(.system("cannot write", Errno(rawValue: errno))))]))]
        }
    }

    func prepare() throws(PoolmapError) {
        if settings.dictionary != nil {
            try withDecompressor { _ in }
        }
    }

    /// Whether a frame needs a larger window than a worker may have.
    func isForFront(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Bool {
        guard let most = settings.mostStreamedWindow, var reader = work.source.reader(files, work.compressedBytes),
            !hands.layout.holds(compressedBytes: work.compressedBytes, contentBound: work.contentBound)
        else { return false }
        let head = try input.space(of: FrameLayout.mostHeaderBytes)
        let count = try reader.read(into: head)
        let window = FrameHead(UnsafeRawBufferPointer(rebasing: head[..<count]), at: 0)?.windowBytes
        return window.map { $0 > most } ?? false
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        do {
            var content = Content(
                isInSlot: work.destination.isSlot, checksum: settings.tellsContentChecksums ? 0 : nil)
            if work.isRun {
                return .run(try run(work, files, hands, &content), content)
            }
            return .frame(try frame(work, files, hands, &content), content)
        } catch let error as Unwritten {
            return .unwritten(errno: error.errno.rawValue)
        } catch {
            throw error as? PoolmapError ?? PoolmapError(.failed, "\(error)")
        }
    }

    /// The target could not be written; only the process that hands out the work knows its name.
    private struct Unwritten: Error {
        let errno: Errno
    }

    private func frame(
        _ work: Work, _ files: [SharedDescriptor], _ hands: Hands, _ told: inout Content
    ) throws -> DataFrame {
        guard hands.layout.holds(compressedBytes: work.compressedBytes, contentBound: work.contentBound) else {
            return try streamFromFile(work, files, &told)
        }
        let compressed = try hands.bytes(of: work.source, Int(work.compressedBytes), work.slot, files, into: &input)
        if let known, !work.destination.isSlot, known.serves(compressed, isWritten: work.destination.isFile) {
            let done = DataFrame(whole: compressed, contentBytes: UInt64(known.contentBytes))
            try done.requireContent(work.contentBytes)
            told.checksum = known.checksum
            return done
        }
        let space = try space(for: work, hands)
        let made = try withDecompressor { (decompressor) throws(PoolmapError) in
            try decompressor.decompress(compressed, into: space)
        }
        let done = DataFrame(whole: compressed, contentBytes: UInt64(made))
        try done.requireContent(work.contentBytes)
        let bytes = UnsafeRawBufferPointer(rebasing: space[..<made])
        told.add(bytes)
        let isWritten = try write(bytes, to: work.destination, files)
        known =
            KnownFrame(compressed, contentBytes: made, isZeros: !isWritten, checksum: told.checksum) ?? known
        return done
    }

    private func space(for work: Work, _ hands: Hands) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        let bound = Int(work.contentBound)
        return work.destination.isSlot ? try hands.areas.output(work.slot, bound) : try content.space(of: bound)
    }

    /// Decompresses consecutive small frames; their content is consecutive too.
    private func run(
        _ work: Work, _ files: [SharedDescriptor], _ hands: Hands, _ told: inout Content
    ) throws -> FrameRunDone {
        let compressed = try hands.bytes(of: work.source, Int(work.compressedBytes), work.slot, files, into: &input)
        let space = try space(for: work, hands)
        var done = FrameRunDone()
        var (position, made) = (0, 0)
        while position < compressed.count {
            let rest = UnsafeRawBufferPointer(rebasing: compressed[position...])
            // The frame was walked before, so this fails only if the file changed in the meantime.
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
                guard work.goesOnAfterDamage else { break }
                done.contentBytes.append(0)
                done.checksums.append(0)
            }
        }
        let bytes = UnsafeRawBufferPointer(rebasing: space[..<made])
        told.add(bytes)
        _ = try write(bytes, to: work.destination, files)
        return done
    }

    /// Returns false if everything became a hole.
    private func write(
        _ bytes: UnsafeRawBufferPointer, to destination: Destination, _ files: [SharedDescriptor]
    ) throws -> Bool {
        guard case .file(let offset) = destination, let target = files.last else { return true }
        do throws(PoolmapError) {
            return try target.fileDescriptor.write(
                bytes, at: offset, to: "", leavesHoles: settings.leavesHoles)
        } catch {
            guard let errno = error.errno else { throw error }
            throw Unwritten(errno: Errno(rawValue: errno))
        }
    }

    /// Decompresses a frame too large for memory, piece by piece from file to file.
    private func streamFromFile(
        _ work: Work, _ files: [SharedDescriptor], _ told: inout Content
    ) throws -> DataFrame {
        guard var reader = work.source.reader(files, work.compressedBytes) else {
            throw PoolmapError(
                .failed, "internal error: a frame of \(work.compressedBytes) bytes does not fit its slot")
        }
        var written: UInt64 = 0
        var unwritten: Unwritten?
        var content = told
        defer { told = content }
        do throws(PoolmapError) {
            let done = try stream(
                read: { (space) throws(PoolmapError) in try reader.read(into: space) },
                write: { (bytes) throws(PoolmapError) in
                    let start = written
                    written += UInt64(bytes.count)
                    // A size in the table that is too small must not let this frame overwrite the next one's place.
                    if let limit = work.contentBytes, written > limit {
                        throw PoolmapError(.damaged, "more content than the sizes in the file say")
                    }
                    content.add(bytes)
                    guard case .file(let offset) = work.destination else { return }
                    do {
                        _ = try self.write(bytes, to: .file(offset: offset + start), files)
                    } catch {
                        unwritten = error as? Unwritten
                        throw error as? PoolmapError ?? PoolmapError(.failed, "cannot write the target")
                    }
                })
            try done.requireContent(work.contentBytes)
            return done
        } catch {
            if let unwritten { throw unwritten }
            throw error
        }
    }

    /// Decompresses one frame piece by piece; the front does this with frames that are too large for a slot.
    ///
    /// - Parameters:
    ///   - read: fills a buffer with the frame's next bytes and returns how many; 0 at its end.
    ///   - write: takes the content.
    func stream(
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
                        throw PoolmapError(.damaged, "a frame is shorter than the seek table says")
                    }
                    let step = try decompressor.decompressPiece(rest, into: made)
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(step.used))
                    try write(UnsafeRawBufferPointer(rebasing: made[..<step.made]))
                    frame.contentBytes += UInt64(step.made)
                    isAtEnd = step.isAtEnd
                    // A full buffer may mean that there is more output.
                    isFlushed = step.made < made.count || isAtEnd
                }
            }
            if !isAtEnd {
                throw PoolmapError(.damaged, "a frame is longer than the seek table says")
            }
        }
        return frame.finish()
    }

    private func withDecompressor<Result>(
        _ body: (inout Decompressor) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        try contexts.withDecompressor(settings.limit, settings.dictionary, body)
    }
}

extension FrameDecompression.Content {
    /// Adds the next bytes, in order.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        checksum = checksum.map { CRC32C.checksum(of: bytes, continuing: $0) }
    }
}

extension FrameDecompression.Work {
    init(_ run: FrameRun, _ source: Source, _ slot: Int, _ destination: FrameDecompression.Destination) {
        self.init(
            source: source, compressedBytes: run.compressedBytes, isRun: true, contentBytes: run.contentBytes,
            contentBound: run.contentBound, slot: slot, destination: destination)
    }

    init(_ frame: LocatedFrame, _ source: Source, _ slot: Int, _ destination: FrameDecompression.Destination) {
        self.init(
            source: source, compressedBytes: frame.compressedBytes, contentBytes: frame.contentBytes,
            contentBound: frame.contentBound, slot: slot, destination: destination)
    }
}

/// Collects the properties of a frame whose bytes arrive in pieces.
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
    /// Throws if the content size differs from the one in the frame's header or the seek table.
    func requireContent(_ announced: UInt64?) throws(PoolmapError) {
        if let announced, contentBytes != announced {
            throw PoolmapError(
                .damaged, "a frame has \(contentBytes) bytes of content (expected \(announced))")
        }
    }

    /// Describes a frame that is whole in memory.
    init(whole frame: UnsafeRawBufferPointer, contentBytes: UInt64) {
        self.init(
            compressedBytes: UInt64(frame.count), contentBytes: contentBytes,
            contentChecksum: FrameDescriptor(frame[4]).hasChecksum ? frame.trailingChecksum : nil,
            crc32c: CRC32C.checksum(of: frame), mark: SectionMark(of: frame))
    }
}
