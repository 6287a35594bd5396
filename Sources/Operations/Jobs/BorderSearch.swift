import Ground
import Multiprocessing
import Run

/// The `--rsyncable` borders of a regular file, whose workers each search one stretch at a time for matches.
struct FileBorders {
    /// What to do to find the next chunk.
    enum Next {
        /// The chunk has this many bytes.
        case chunk(Int)
        /// Have a worker search this range for matches.
        case search(Range<UInt64>, index: Int)
        /// Wait until a search has returned.
        case wait
    }

    private let borders: ContentBorders
    private let byteCount: UInt64
    /// How far ahead of the next chunk matches are searched, so that chunks need not wait for them.
    private let leadBytes: UInt64
    private let stretchBytes: UInt64
    /// The end of the stretches handed out.
    private var searchedTo: UInt64
    /// All matches up to here are known.
    private var knownTo: UInt64
    private var matches: [UInt64] = []
    /// The number of searches handed out.
    private var searchCount = 0

    init(_ borders: ContentBorders, byteCount: UInt64, leadBytes: UInt64) {
        self.borders = borders
        self.byteCount = byteCount
        self.leadBytes = leadBytes
        // A few MiB, unless chunks are far smaller or larger than usual.
        stretchBytes = 64 * borders.cellBytes
        searchedTo = borders.firstCell(ofChunkAt: 0)
        knownTo = searchedTo
    }

    /// The next step for the chunk that begins at `offset`.
    mutating func next(at offset: UInt64) -> Next {
        let rest = byteCount - offset
        if rest <= UInt64(borders.leastBytes) { return .chunk(Int(rest)) }
        if searchedTo < byteCount, searchedTo < offset + leadBytes {
            let start = searchedTo
            searchedTo = min((start / stretchBytes + 1) * stretchBytes, byteCount)
            searchCount += 1
            return .search(start..<searchedTo, index: searchCount - 1)
        }
        let least = offset + UInt64(borders.leastBytes)
        let most = min(offset + UInt64(borders.mostBytes), byteCount)
        if let match = matches.first(where: { $0 >= least }), match < most { return .chunk(Int(match - offset)) }
        return knownTo >= most ? .chunk(Int(most - offset)) : .wait
    }

    /// Takes the matches of a search; searches return in order.
    ///
    /// - Parameter offset: where the next chunk begins.
    mutating func add(_ found: [UInt64], upTo end: UInt64, nextChunk offset: UInt64) {
        matches.removeAll { $0 < offset }
        matches += found
        knownTo = end
    }
}

/// Searches a stretch of a file for `--rsyncable` matches.
///
/// `FileBorders.add` joins the results.
final class BorderSearch: Operation {
    private let borders: ContentBorders?
    private var input = Scratch()

    /// - Parameter borders: nil if borders do not depend on the content.
    init(_ borders: ContentBorders?) {
        self.borders = borders
    }

    struct Work: Message, BitwiseCopyable {
        /// Begins `windowBytes` before `start`.
        var source: Source
        var start: UInt64
        var end: UInt64
    }

    struct Done: Message {
        /// Offsets in the input.
        let matches: [UInt64]
        /// Where the stretch ends.
        let end: UInt64

        init(matches: [UInt64], end: UInt64) {
            (self.matches, self.end) = (matches, end)
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            (matches, end) = (try message.nextArray(), try message.next())
        }

        func write(to message: inout MessageWriter) {
            message.add(each: matches)
            message.add(end)
        }
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        let byteCount = work.end - work.start + UInt64(ContentBorders.windowBytes)
        guard let borders, var reader = work.source.reader(files, byteCount) else {
            throw PoolmapError(.failed, "internal error: content borders were not requested")
        }
        var search = MatchSearch(borders, from: work.start)
        var found: [UInt64] = []
        try reader.forEachPiece(through: try input.space(of: Hands.cachedBytes)) { piece in
            search.feed(piece) { match in
                found.append(match)
                return false
            }
        }
        return Done(matches: found, end: work.end)
    }

    static func results(of done: Done) -> [PieceResult] { [PieceResult(text: .null)] }
}
