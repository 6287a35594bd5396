import CPoolmap
import Files
import Ground
import Run
import SystemPackage

/// The output of a map, which joins the outputs of its commands.
///
///     bytes ──> header lines kept once ──> Output
///     bytes ──> ColumnSum ──> a line at the end ──> Output
///     frames ──> FrameJoiner ──> Output
final class MapOutput {
    private let settings: MapSettings
    private let output: Output
    /// Records what was written so that another run can continue; nil if not requested.
    private let resume: MapResume?
    /// What is not recorded yet.
    private var stretch = MapResume.Stretch()
    private(set) var writtenBytes: UInt64 = 0
    /// Whether writing has failed.
    private(set) var hasFailed = false
    private var sum = ColumnSum()
    /// Small outputs of chunks done together, not written yet.
    private var waiting: [UInt8] = []
    private static let mostWaitingBytes = 64 << 10
    /// The header lines of the first output, with which the others must begin.
    private var headerLines: [UInt8]?
    private var isFirstPiece = true
    private var joiner: FrameJoiner
    /// Records the outputs of a part; set before anything is written.
    private var part: MapPart?
    /// Compresses the little that is compressed in the front.
    private let contexts = Contexts()

    init(_ settings: MapSettings, _ output: Output) {
        (self.settings, self.output, resume) = (settings, output, nil)
        joiner = FrameJoiner()
    }

    init(_ settings: MapSettings, _ resume: MapResume) {
        (self.settings, output, self.resume) = (settings, .partial(resume.file), resume)
        joiner = FrameJoiner(notesFrames: true)
    }

    /// Continues after what is kept of another run.
    func resumeWriting() throws(PoolmapError) {
        guard let kept = resume?.kept else { return }
        (writtenBytes, headerLines) = (kept.outputEnd, kept.header)
        try joiner.begin(behind: kept.frames)
    }

    /// Starts recording a part, with what is kept of another run.
    func begin(_ part: MapPart) throws(PoolmapError) {
        self.part = part
        try resume?.forEachKeptOutput { output, checksum, header in
            self.part?.add(output, checksum, behind: header)
        }
    }

    /// Sets the range of the input that the chunks cover.
    func endPart(_ range: Range<UInt64>) {
        part?.range = range
    }

    /// Whether commands' outputs arrive as frames.
    private var takesFrames: Bool {
        if case .sum = settings.join { return false }
        return settings.compression != nil
    }

    /// The output file; nil for standard output.
    var file: OutputFile? {
        if case .file(let file) = output { return file }
        return nil
    }

    // MARK: Outputs

    /// Begins a command's output, whose bytes follow.
    func begin(_ done: CommandOutcome) throws(PoolmapError) {
        isFirstPiece = true
        guard takesFrames else { return }
        if settings.sharedHeaderLineCount > 0 { try takeHeader(done.header) }
        joiner.add(done.frames)
    }

    /// Takes the next bytes of the output; returns how many were kept.
    ///
    /// Blocks. Throws if they do not begin with the header lines common to all outputs.
    func take(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) -> Int {
        if takesFrames {
            try joiner.feed(bytes, write)
            return bytes.count
        }
        var bytes = bytes
        if isFirstPiece {
            let left = try headerBytes(of: bytes)
            bytes = UnsafeRawBufferPointer(rebasing: bytes[left...])
            isFirstPiece = false
        }
        if case .sum = settings.join {
            try sum.add(bytes)
        } else {
            try write(bytes)
        }
        return bytes.count
    }

    /// Ends the output.
    func end(_ done: CommandOutcome) throws(PoolmapError) {
        if case .sum = settings.join { try sum.endLine() }
        if part != nil {
            let hasHeader = settings.sharedHeaderLineCount > 0 && done.output.byteCount > 0
            part?.add(done.output.byteCount, done.checksum, behind: hasHeader ? headerLines ?? [] : [])
        }
        stretch.chunkCount += 1
        stretch.inputEnd = done.offset + done.chunkBytes
        if !joiner.isHolding { try noteStretch() }
    }

    /// Takes an output kept by a part; `body` passes its bytes in pieces.
    func takeKept(
        _ body: ((UnsafeRawBufferPointer) throws(PoolmapError) -> Void) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        isFirstPiece = true
        try body { (bytes) throws(PoolmapError) in _ = try take(bytes) }
        if case .sum = settings.join { try sum.endLine() }
    }

    private func noteStretch(isEnd: Bool = false) throws(PoolmapError) {
        guard let resume else { return }
        try flush()
        (stretch.outputEnd, stretch.isEnd) = (writtenBytes, isEnd)
        stretch.frames = joiner.takeWritten()
        try resume.note(stretch)
        stretch = MapResume.Stretch()
    }

    /// Collects small amounts of bytes before writing them.
    private func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        if waiting.count + bytes.count <= MapOutput.mostWaitingBytes {
            waiting += bytes
        } else {
            try flush()
            try writeNow(bytes)
        }
    }

    /// Writes what was collected.
    ///
    /// Blocks.
    func flush() throws(PoolmapError) {
        if waiting.isEmpty { return }
        try waiting.withBytes { (bytes) throws(PoolmapError) in try writeNow(bytes) }
        waiting.removeAll(keepingCapacity: true)
    }

    private func writeNow(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        do throws(PoolmapError) {
            try output.write(bytes, at: writtenBytes)
        } catch {
            hasFailed = true
            throw error
        }
        switch output {
        case .stream, .sparseStream: poolmap_note_output()
        case .file, .partial, .nowhere: break
        }
        if resume != nil { stretch.checksum = CRC32C.checksum(of: bytes, continuing: stretch.checksum) }
        writtenBytes += UInt64(bytes.count)
    }

    // MARK: Header lines

    /// Takes the header of an output that arrives as frames; it becomes a frame of its own, before the others.
    private func takeHeader(_ lines: [UInt8]) throws(PoolmapError) {
        if lines.isEmpty { return }
        if headerLines != nil { return try requireHeader(lines) }
        headerLines = lines
        stretch.header = lines
        guard let compression = settings.compression else { return }
        let (frame, bytes) = try contexts.frame(of: lines, compression)
        joiner.add([frame])
        try bytes.withBytes { (bytes) throws(PoolmapError) in try joiner.feed(bytes, write) }
    }

    private func requireHeader(_ lines: some Sequence<UInt8>) throws(PoolmapError) {
        guard let headerLines, lines.elementsEqual(headerLines) else {
            throw PoolmapError(
                .failed,
                "its output does not begin with the \(settings.sharedHeaderLineCount) header lines of the first output; "
                    + "use --output-header 0 if there are none")
        }
    }

    /// How much of an output's beginning to omit, because its header lines were written already.
    ///
    /// - Parameter bytes: the first bytes of an output, which contain its whole header or are the whole output.
    /// - Returns: the number of bytes to omit.
    private func headerBytes(of bytes: UnsafeRawBufferPointer) throws(PoolmapError) -> Int {
        guard settings.sharedHeaderLineCount > 0 else { return 0 }
        let end = bytes.end(ofLine: settings.sharedHeaderLineCount) ?? bytes.count
        guard headerLines != nil else {
            headerLines = Array(bytes[..<end])
            stretch.header = headerLines
            return 0
        }
        try requireHeader(bytes[..<end])
        return end
    }

    // MARK: The end

    /// Records that a command wrote the file itself.
    func wasWritten(_ byteCount: UInt64) {
        writtenBytes = byteCount
    }

    /// Completes the output; a file gets its name.
    func commit() throws(PoolmapError) {
        if case .sum = settings.join { try commitSum() }
        if takesFrames { try finishFrames() }
        if let part { try part.tableBytes().withBytes(write) }
        try flush()
        switch output {
        case .file(let file): _ = try file.commit(of: nil, inputBytes: 0, outputBytes: writtenBytes)
        case .partial(let file):
            try noteStretch(isEnd: true)
            _ = try file.commit(of: nil, outputBytes: writtenBytes)
        default: break
        }
    }

    private func commitSum() throws(PoolmapError) {
        let line = sum.lineOfSums
        guard let compression = settings.compression else { return try line.withBytes(write) }
        try contexts.frame(of: line, compression).1.withBytes(write)
    }

    private func finishFrames() throws(PoolmapError) {
        guard let compression = settings.compression else { return }
        try joiner.finish(empty: { () throws(PoolmapError) in try contexts.frame(of: [], compression).1 }, write)
    }
}

extension UnsafeRawBufferPointer {
    /// The offset after `count` lines; nil if there are fewer.
    func end(ofLine count: Int) -> Int? {
        var place = 0
        for _ in 0..<count {
            guard let end = self[place...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            place = end + 1
        }
        return place
    }
}
