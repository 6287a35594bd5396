import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// What is mapped of an input: its bytes, or its content if it is compressed; and the header lines of that.
///
///     regular file ───────────────────────> mapped: workers read it
///     compressed, frames known ───────────> mapped: workers decompress the frames that they need
///     compressed otherwise ─> ContentPipe ─> pipe: read here
///     pipe ───────────────────────────────> pipe
final class MapContent {
    private let input: InputFile
    private let settings: MapSettings
    private let tools: MapTools
    private let limit: ContentLimit
    private let decompress: (InputFile, FileDescriptor) throws(PoolmapError) -> Void
    /// The first bytes of a pipe, as far as they have arrived.
    private var beginning: [UInt8] = []
    private var hasContent = false
    /// What workers read; nil for a pipe.
    private(set) var mapped: MappedFile?
    private(set) var pipe: InputFile?
    /// One of these is set for a compressed input.
    private var index: FrameIndex?
    private var contentPipe: ContentPipe?
    /// The bytes of a pipe read before the end of its header was found.
    private var headerSoFar: [UInt8] = []

    /// - Parameter decompress: run in a process of its own for a compressed input, if necessary.
    init(
        _ input: InputFile, _ settings: MapSettings, _ tools: MapTools, _ limit: ContentLimit,
        decompress: @escaping (InputFile, FileDescriptor) throws(PoolmapError) -> Void
    ) {
        (self.input, self.settings, self.tools, self.decompress) = (input, settings, tools, decompress)
        self.limit = limit
    }

    /// The descriptor to wait for.
    var descriptor: FileDescriptor { pipe?.descriptor ?? input.descriptor }

    /// Decides whether the input's content or its bytes are mapped; returns false if that would block.
    func find() throws(PoolmapError) -> Bool {
        if hasContent { return true }
        if settings.decompresses {
            guard try input.readBeginning(into: &beginning) else { return false }
            let kind = FileKind(beginning)
            if case .zstandard = kind { return try openContent() }
            if let name = kind.nameOfOther, name != "lzma" {
                throw PoolmapError(
                    .unsupported, "is a \(name) file, which poolmap cannot read; --no-decompress maps its bytes")
            }
        }
        hasContent = true
        if input.isRegular {
            try limit.check(input.byteCount)
            mapped = MappedFile(
                file: inputFile, start: input.start, byteCount: input.byteCount, index: nil, frameCount: 0)
        } else {
            pipe = input
        }
        return true
    }

    /// Opens the content of a compressed input.
    private func openContent() throws(PoolmapError) -> Bool {
        hasContent = true
        let mostContentBytes = UInt64(MapContent.mostChunksOfFrame * settings.chunkBytes)
        // Every part decompresses only what it needs.
        let index = input.isRegular ? try FrameIndex(of: input, mostContentBytes: mostContentBytes) : nil
        guard index != nil || settings.part == nil else {
            throw PoolmapError(
                .unsupported,
                "has frames of more than \(mostContentBytes) bytes or of unknown content size, which --part "
                    + "cannot split; decompress it first, or compress it with poolmap")
        }
        if let index {
            try limit.check(index.contentBytes)
            self.index = index
            mapped = MappedFile(
                file: inputFile, start: input.start, byteCount: index.contentBytes,
                index: TaskFile(input.handed.count), frameCount: index.frameCount)
        } else {
            let content = try ContentPipe(of: input, decompress: decompress)
            (contentPipe, pipe) = (content, content.input)
        }
        return true
    }

    /// A frame is decompressed once for each chunk that overlaps it; if these were more, one process decompresses the
    /// input.
    private static let mostChunksOfFrame = 4

    private var inputFile: TaskFile { input.isOwned ? TaskFile(0) : .standardInput }

    /// The files that workers need for a task.
    var handed: [SharedDescriptor] { input.handed + (index.map { [$0.table] } ?? []) }

    // MARK: Header

    /// Reads the header; nil if that would block.
    ///
    /// Call it after `find`, until it returns a header.
    func readHeader() throws(PoolmapError) -> [UInt8]? {
        if settings.headerLineCount == 0 {
            return []
        }
        if let mapped { return try readHeader(of: mapped) }
        guard let pipe else { return nil }
        while pipe.hasInput() {
            let count = try withPiece { (space) throws(PoolmapError) in
                let count = try pipe.readSome(into: space)
                headerSoFar += space[..<count]
                return count
            }
            let end = headerSoFar.withUnsafeBytes { $0.end(ofLine: settings.headerLineCount) }
            if end != nil || count == 0 {
                let end = end ?? headerSoFar.count
                pipe.putBack(Array(headerSoFar[end...]))
                return Array(headerSoFar[..<end])
            }
            guard headerSoFar.count <= settings.mostRecordBytes else { throw longHeader }
        }
        return nil
    }

    private func readHeader(of mapped: MappedFile) throws(PoolmapError) -> [UInt8] {
        let reader = tools.reader(of: mapped, handed, verifies: true)
        let most = Int(min(mapped.byteCount, UInt64(settings.mostRecordBytes)))
        var space = Scratch()
        var byteCount = min(4096, most)
        while true {
            let bytes = try space.space(of: byteCount)
            try reader.readAll(into: bytes, at: 0)
            try reader.finish()
            if let end = UnsafeRawBufferPointer(bytes).end(ofLine: settings.headerLineCount) {
                return Array(bytes[..<end])
            }
            if byteCount == most {
                guard UInt64(most) == mapped.byteCount else { throw longHeader }
                return Array(bytes)
            }
            byteCount = min(16 * byteCount, most)
        }
    }

    private var longHeader: PoolmapError {
        PoolmapError(
            .failed, "its \(settings.headerLineCount) header lines exceed --max-record")
    }

    // MARK: The end

    /// Whether content is used before all of its frame has been verified.
    var isCheckedLate: Bool { contentPipe != nil }
    /// Whether content was found to be damaged after commands had read it.
    private(set) var wasMappedDamaged = false

    /// Throws if a pipe has more content than allowed, or ended before all of its content arrived.
    ///
    /// - Parameter end: how much was read.
    func requireWhole(behind end: UInt64, isAtEnd: Bool) throws(PoolmapError) {
        guard let contentPipe else { return try limit.check(end, readBytes: end, isAtEnd: isAtEnd) }
        guard isAtEnd else { return }
        do throws(PoolmapError) {
            try contentPipe.finish()
        } catch {
            wasMappedDamaged = true
            throw error
        }
    }

    /// Stops decompressing; the rest is not needed.
    func cancel() {
        contentPipe?.cancel()
    }

    /// Sets the input's offset to the end of what was mapped, or of the whole compressed input.
    func leaveOffset(behind byteCount: UInt64) {
        input.leaveOffset(behind: index == nil ? byteCount : input.byteCount)
    }
}
