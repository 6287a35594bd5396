import Ground
import Multiprocessing
import Run

/// The borders of a regular file, of which the workers look for the matches, a stretch each.
struct FileBorders {
    /// What is to be done to know the next chunk.
    enum Next {
        /// The chunk has so many bytes.
        case chunk(Int)
        /// Have a worker look for matches here.
        case search(Range<UInt64>, index: Int)
        /// Nothing before a search has come back.
        case wait
    }

    private let borders: ContentBorders
    private let byteCount: UInt64
    /// So far ahead of the next chunk matches are looked for, that nobody has to wait for them.
    private let leadBytes: UInt64
    private let stretchBytes: UInt64
    /// Up to here somebody looks, or has looked.
    private var searchedTo: UInt64
    /// Up to here all matches are known.
    private var knownTo: UInt64
    private var matches: [UInt64] = []
    /// The number of searches that were handed out.
    private var searchCount = 0

    init(_ borders: ContentBorders, byteCount: UInt64, leadBytes: UInt64) {
        self.borders = borders
        self.byteCount = byteCount
        self.leadBytes = leadBytes
        // Some MiB, unless chunks are far smaller or larger than usual.
        stretchBytes = 64 * borders.cellBytes
        searchedTo = borders.firstCell(ofChunkAt: 0)
        knownTo = searchedTo
    }

    /// What is next for the chunk that begins at `offset`.
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

    /// Takes what a search has found: they come back in their order.
    ///
    /// - Parameter offset: where the next chunk begins.
    mutating func add(_ found: [UInt64], upTo end: UInt64, nextChunk offset: UInt64) {
        matches.removeAll { $0 < offset }
        matches += found
        knownTo = end
    }
}

/// Looks for the matches of a stretch of a file, for `--rsyncable`.
///
/// What comes of it is joined by `FileBorders.add`.
final class BorderSearch: Operation {
    private let borders: ContentBorders?
    private var input = Scratch()

    /// - Parameter borders: nil where nobody asks for any.
    init(_ borders: ContentBorders?) {
        self.borders = borders
    }

    struct Work: Message, BitwiseCopyable {
        /// Begins so much earlier as a match needs.
        var source: Source
        var start: UInt64
        var end: UInt64
    }

    struct Done: Message {
        /// Counted from the beginning of the input.
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
            throw PoolmapError(.failed, "nobody has asked for borders by content")
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
