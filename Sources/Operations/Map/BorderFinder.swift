import Files
import Ground
import Multiprocessing
import Run

/// The borders of a regular file's chunks, for which the workers look, a stretch of the file each.
struct FoundBorders {
    /// What is to be done to know the next chunk.
    enum Next {
        case chunk(byteCount: UInt64)
        /// Have a worker look for the borders of the cuts here.
        case find(Range<UInt64>, index: Int)
        /// Nothing before a worker has found them.
        case wait
        /// Behind this cut there is none, as far as a record may reach.
        case none(cut: UInt64)
    }

    private let grid: CutGrid
    private let byteCount: UInt64
    /// So far ahead of the next chunk borders are looked for, that nobody has to wait for them.
    private let leadBytes: UInt64
    private let stretchBytes: UInt64
    private var searchedTo: UInt64
    private var knownTo: UInt64
    private var borders = Line<UInt64>()
    private var searchCount = 0
    private var cutWithoutBorder: UInt64?
    private static let cutsInStretch: UInt64 = 16

    init(_ grid: CutGrid, byteCount: UInt64, aheadOf chunkCount: Int) {
        self.grid = grid
        self.byteCount = byteCount
        leadBytes = grid.stepBytes * UInt64(chunkCount + 1)
        stretchBytes = grid.stepBytes * FoundBorders.cutsInStretch
        searchedTo = grid.start
        knownTo = grid.start
    }

    /// What is next for the chunk that begins at `offset`.
    mutating func next(at offset: UInt64) -> Next {
        if cutWithoutBorder == nil, searchedTo < byteCount, searchedTo < offset + leadBytes {
            let start = searchedTo
            // The first stretch is short: nobody has anything to do before it is known.
            searchedTo = min(start + (searchCount == 0 ? 2 * grid.stepBytes : stretchBytes), byteCount)
            searchCount += 1
            return .find(start..<searchedTo, index: searchCount - 1)
        }
        let cut = grid.cut(behind: offset)
        if cut >= byteCount { return .chunk(byteCount: byteCount - offset) }
        while let border = borders.first, border < cut { borders.removeFirst() }
        if let cutWithoutBorder, cut >= cutWithoutBorder { return .none(cut: cut) }
        if cut < knownTo, let border = borders.first { return .chunk(byteCount: border - offset) }
        return .wait
    }

    /// Takes what was found; it comes in the order in which it was asked for.
    mutating func add(_ done: BorderFinder.Done) {
        for border in done.borders { borders.append(border) }
        knownTo = done.end
        cutWithoutBorder = cutWithoutBorder ?? done.cutWithoutBorder
    }
}

/// Looks for the borders of a stretch of a file: of each cut in it the first border at or behind it.
///
/// What comes of it is joined by `FoundBorders.add`.
final class BorderFinder: Operation {
    private let settings: MapSettings?
    private var input = Scratch()

    /// - Parameter settings: nil where nobody asks for any.
    init(_ settings: MapSettings?) {
        self.settings = settings
    }

    struct Work: Message, BitwiseCopyable {
        let file: TaskFile
        /// Where the input begins in the file, and where it ends, counted from there.
        let inputStart: UInt64
        let inputEnd: UInt64
        let grid: CutGrid
        let start: UInt64
        let end: UInt64
    }

    struct Done: Message {
        let borders: [UInt64]
        let end: UInt64
        /// Behind which there is none, as far as a record may reach.
        let cutWithoutBorder: UInt64?

        init(_ borders: [UInt64], end: UInt64, cutWithoutBorder: UInt64? = nil) {
            (self.borders, self.end, self.cutWithoutBorder) = (borders, end, cutWithoutBorder)
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            (borders, end, cutWithoutBorder) = (try message.nextArray(), try message.next(), try message.next())
        }

        func write(to message: inout MessageWriter) {
            message.add(each: borders)
            message.add(end)
            message.add(cutWithoutBorder)
        }
    }

    private static let firstBytes = 4096

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard let settings else { throw PoolmapError(.failed, "nobody has asked for borders") }
        var found: [UInt64] = []
        var cut = work.start == work.grid.start ? work.grid.cut(behind: work.start) : work.start
        while cut < work.end {
            if let last = found.last, last >= cut {
                cut = work.grid.cut(behind: cut)
                continue
            }
            guard let border = try border(of: cut, work, files, settings) else {
                return Done(found, end: work.end, cutWithoutBorder: cut)
            }
            found.append(border)
            cut = work.grid.cut(behind: cut)
        }
        return Done(found, end: work.end)
    }

    /// nil where there is none, as far as a record may reach.
    private func border(
        of cut: UInt64, _ work: Work, _ files: [SharedDescriptor], _ settings: MapSettings
    ) throws(PoolmapError) -> UInt64? {
        let start = max(work.grid.start, cut - min(cut, UInt64(settings.cut.contextBytes)))
        let most = min(work.inputEnd, cut + UInt64(settings.mostRecordBytes))
        var byteCount = BorderFinder.firstBytes
        while true {
            let end = min(most, cut + UInt64(byteCount))
            let space = try input.space(of: Int(end - start))
            try work.file.descriptor(files).readAll(into: space, at: work.inputStart + start)
            if let place = settings.cut.border(in: UnsafeRawBufferPointer(space), from: Int(cut - start)) {
                return start + UInt64(place)
            }
            if end == most { return most == work.inputEnd ? most : nil }
            byteCount *= 4
        }
    }

    static func results(of done: Done) -> [PieceResult] { [PieceResult(text: .null)] }
}
