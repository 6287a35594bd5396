import Chunks
import Ground
import Multiprocessing
import Run

/// Searches stretches of a file for chunk borders in workers, as `FoundBorders` asks.
final class BorderFinder: Operation {
    private let tools: MapTools?
    private var search = StretchSearch()

    /// - Parameter tools: nil if no borders are needed.
    init(_ tools: MapTools?) {
        self.tools = tools
    }

    struct Work: Message, BitwiseCopyable {
        let file: MappedFile
        let rule: BorderRule
        let start: UInt64
        let end: UInt64
        let question: BorderQuestion
    }

    typealias Done = StretchBorders

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard let tools, case .records(let kind, _) = tools.settings.cut else {
            throw PoolmapError(.failed, "internal error: borders were not requested")
        }
        // All chunks after a survey depend on it; a border affects only the two chunks next to it.
        let isSurvey = if case .survey = work.question { true } else { false }
        let reader = tools.reader(of: work.file, files, verifies: isSurvey)
        let done = try search.perform(work.question, in: work.start..<work.end, work.rule, kind, of: reader)
        try reader.finish()
        return done
    }

    static func results(of done: Done) -> [PieceResult] { [PieceResult(text: .null)] }
}

extension StretchBorders: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(from: try message.next(), to: try message.next())
        borders = try message.nextArray()
        (isSurvey, togglesQuotes) = (try message.next(), try message.next())
        (count, countWithinQuotes) = (try message.next(), try message.next())
    }

    package func write(to message: inout MessageWriter) {
        message.add(start)
        message.add(end)
        message.add(each: borders)
        message.add(isSurvey)
        message.add(togglesQuotes)
        message.add(count)
        message.add(countWithinQuotes)
    }
}

extension RecordBorders: PipeCut {}

extension MappedFileReader: ByteSource {
    var byteCount: UInt64 { place.byteCount }
}
