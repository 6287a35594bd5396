import Files
import Ground
import SeekableZstd
import SystemPackage

/// The frames of a regular file, in order, found without decompressing anything: through a seek table that covers the
/// whole file, or by walking from block to block.
///
/// A table that does not fit the file is ignored here. `SectionAuditor` decides whether it is wrong: it checks
/// poolmap's tables against the frames, and ignores those of other tools.
final class FileFrames {
    /// Whose tables are trusted to say where the frames are.
    enum Trust {
        /// Those of sections; everything they say is checked later.
        case ownTables
        /// Those of other tools too, of which only the frames that are read are checked.
        case allTables
        case noTables
    }

    /// The next frame or frames.
    enum Next {
        case frame(LocatedFrame)
        case run(FrameRun)
        case end
    }

    /// The table at the end of the file, if it covers the file.
    let seekTable: SeekTableRows?
    /// The sums over its rows.
    let totals: SeekTableRows.Totals?
    /// The rules from the file's first frame, if the table is that of a section.
    let rules: SectionRules?
    private(set) var offset: UInt64 = 0
    private let input: InputFile
    private let window: FileWindow
    private var row = 0
    /// No run of small frames crosses a border of this range; nil for a file that is read as a whole.
    private let share: Range<UInt64>?
    /// A result that did not fit into the previous run.
    private var upcoming: Result<LocatedFrame, PoolmapError>?

    init(
        _ input: InputFile, trusting trust: Trust = .ownTables, share: Range<UInt64>? = nil
    ) throws(PoolmapError) {
        self.input = input
        self.share = share
        window = FileWindow(input)
        let bytes = try input.readBytes(at: 0, count: Int(min(input.byteCount, UInt64(SectionMark.shownBytes))))
        let own = bytes.withUnsafeBytes { FrameHead($0, at: 0)?.rules }
        var found: (SeekTableRows, SeekTableRows.Totals)?
        if trust == .allTables || (trust == .ownTables && own != nil) {
            found = try FileFrames.coveringTable(of: input)
        }
        // A section's seek table ends with the row of the section table.
        if let table = found?.0, own != nil, try !table.endsWithSectionTable() {
            found = nil
        }
        rules = found == nil ? nil : own
        seekTable = found?.0
        totals = seekTable == nil ? nil : found?.1
    }

    var isAtEnd: Bool {
        offset == input.byteCount && upcoming == nil
    }

    /// The next frame, or a run of consecutive small ones.
    func nextFrames() throws(PoolmapError) -> Next {
        var run: FrameRun?
        while run.map({ !$0.isFull }) ?? true {
            let found: Result<LocatedFrame, PoolmapError>
            if let upcoming {
                found = upcoming
            } else {
                do throws(PoolmapError) {
                    guard let frame = try next() else { break }
                    found = .success(frame)
                } catch {
                    found = .failure(error)
                }
            }
            upcoming = nil
            guard case .success(let frame) = found, try add(frame, to: &run) else {
                // An error is reported after the frames before it.
                guard run == nil else {
                    upcoming = found
                    break
                }
                return .frame(try found.get())
            }
        }
        guard let run else { return .end }
        return run.onlyFrame.map { .frame($0) } ?? .run(run)
    }

    /// Returns false if the frame is not small.
    private func add(_ frame: LocatedFrame, to run: inout FrameRun?) throws(PoolmapError) -> Bool {
        guard FrameRun.takes(frame) else { return false }
        if frame.isSkippable {
            guard run != nil else { return false }
            run?.add(skippable: try window.read(at: frame.offset, count: Int(frame.compressedBytes)))
            return true
        }
        if let share, let run, share.contains(run.offset) != share.contains(frame.offset) { return false }
        run = run ?? FrameRun(at: frame.offset)
        run?.add(frame)
        return true
    }

    /// The next frame; nil at the end of the file.
    func next() throws(PoolmapError) -> LocatedFrame? {
        guard offset < input.byteCount else { return nil }
        var frame: LocatedFrame
        let tableRow = try seekTable.flatMap { (table) throws(PoolmapError) in
            row < table.shape.rowCount ? try table.row(row) : nil
        }
        // A row without content may be an empty frame or a skippable one, so the frame itself must be read. Small
        // frames are read as quickly as their rows.
        if let tableRow, tableRow.contentBytes > 0, tableRow.compressedBytes > FileFrames.walkedBytes {
            frame = LocatedFrame(tableRow, at: offset)
            guard frame.compressedBytes <= input.byteCount - offset else {
                throw PoolmapError(
                    .damaged, "the seek table does not match the file: row \(row) reaches past its end")
            }
        } else {
            frame = LocatedFrame(try walk(), at: offset)
        }
        if let tableRow {
            guard frame.compressedBytes == UInt64(tableRow.compressedBytes) else {
                throw PoolmapError(
                    .damaged,
                    "the seek table does not match the frames: row \(row) says \(tableRow.compressedBytes) bytes, but the frame has \(frame.compressedBytes)"
                )
            }
            frame.row = row
        }
        row += 1
        offset += frame.compressedBytes
        return frame
    }

    private static let walkedBytes = UInt32(FrameRun.smallBytes)

    /// Whether no frame with content follows those found so far.
    var hasOnlyTablesLeft: Bool {
        isAtEnd || (upcoming == nil && totals.map { row >= $0.countWithContent } ?? false)
    }

    /// As many bytes of a skippable frame as show what it is.
    func beginning(of frame: LocatedFrame) throws(PoolmapError) -> [UInt8] {
        let count = Int(min(frame.compressedBytes, UInt64(SectionAuditor.beginningBytes)))
        return try window.read(at: frame.offset, count: count)
    }

    private func walk() throws(PoolmapError) -> FrameInfo {
        var walker = FrameWalker(at: offset)
        var position = offset
        let end = input.byteCount
        while true {
            let (skip, take) = walker.demand
            guard skip <= end - position else {
                throw PoolmapError(
                    .damaged, "\(walker.endOfInput(after: UnsafeRawBufferPointer(start: nil, count: 0)))")
            }
            position += skip
            let count = Int(min(UInt64(take), end - position))
            let info = try window.withBytes(at: position, count: count) { (bytes) throws(PoolmapError) in
                guard bytes.count == take else {
                    throw PoolmapError(.damaged, "\(walker.endOfInput(after: bytes))")
                }
                return try formatErrors { () throws(FormatError) in try walker.feed(bytes) }
            }
            position += UInt64(count)
            if let info { return info }
        }
    }

    /// The seek table at the end of the file, if its rows and the table itself add up to the length of the file.
    ///
    /// A table with a smaller sum is at the end of concatenated files; the frames before its own are found by walking.
    /// One with a larger sum is wrong.
    private static func coveringTable(
        of input: InputFile
    ) throws(PoolmapError) -> (SeekTableRows, SeekTableRows.Totals)? {
        guard let table = try SeekTableRows.atEnd(of: input), table.isWhole, table.hasRoomForItsFrames else {
            return nil
        }
        let totals = try table.totals { $0.compressedBytes > table.offset || $0.impossibleCount > 0 }
        guard let totals, totals.compressedBytes == table.offset else { return nil }
        return (table, totals)
    }
}

/// Reads a few bytes of a file here and there, mostly close together, in pieces that grow the closer the reads are.
final class FileWindow {
    private let input: InputFile
    private var bytes: [UInt8] = []
    private var start: UInt64 = 0
    private var nextBytes = smallestBytes
    private static let smallestBytes = 512
    private static let largestBytes = 64 << 10

    init(_ input: InputFile) {
        self.input = input
    }

    /// Reads bytes that must be within the file.
    func read(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        try withBytes(at: offset, count: count) { Array($0) }
    }

    func withBytes<Result>(
        at offset: UInt64, count: Int, _ body: (UnsafeRawBufferPointer) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        let end = start + UInt64(bytes.count)
        if offset < start || offset + UInt64(count) > end {
            // The bytes between two large blocks are not worth reading.
            let isClose = offset >= start && offset <= end + UInt64(FileWindow.smallestBytes)
            nextBytes = isClose ? min(2 * nextBytes, FileWindow.largestBytes) : FileWindow.smallestBytes
            let wanted = UInt64(max(nextBytes, count))
            bytes = try input.readBytes(at: offset, count: Int(min(wanted, input.byteCount - offset)))
            start = offset
        }
        let place = Int(offset - start)
        return try bytes.withBytes { (bytes) throws(PoolmapError) in try body(bytes.bytes(in: place..<place + count)) }
    }
}

/// Converts a format error to the error that a user sees.
func formatErrors<Result>(_ body: () throws(FormatError) -> Result) throws(PoolmapError) -> Result {
    do {
        return try body()
    } catch .unsupportedVersion(let offset, let version) {
        throw PoolmapError(.unsupported, "\(FormatError.unsupportedVersion(at: offset, version: version))")
    } catch {
        throw PoolmapError(.damaged, "\(error)")
    }
}
