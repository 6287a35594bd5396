import Files
import Ground
import SeekableZstd

/// The frames of a compressed file that belong to a part, and the others, which are only examined.
///
/// All of them pass the auditor, so that a part fails as the whole would if frames and tables do not match. The content
/// of other parts' frames is checked by those parts.
struct FramesOfPart {
    /// Frames that begin here are decompressed.
    let share: Range<UInt64>
    private let input: InputFile
    private var table: PartTable
    /// The frames found, to be processed next.
    private var upcoming: FileFrames.Next?
    /// The section table, if poolmap wrote the file and it has one; the outer nil means not looked for yet.
    private var checksums: ChecksumRows??

    /// A frame that is not decompressed.
    enum Passed {
        case frame(DataFrame)
        case skippable([UInt8])
    }

    /// How many frames are skipped at a time.
    private static let mostPassed = 4096

    init(_ part: Part, of input: InputFile) throws(PoolmapError) {
        share = try part.share(of: input)
        self.input = input
        table = PartTable(try PartJob(input, .decompress), part, share)
    }

    /// Skips the next frames if they belong to other parts.
    mutating func passOver(_ frames: FileFrames) throws(PoolmapError) -> [Passed] {
        var passed: [Passed] = []
        while passed.count < FramesOfPart.mostPassed {
            let next = try next(frames)
            switch next {
            case .frame(let frame) where !frame.isSkippable && !share.contains(frame.offset):
                passed.append(.frame(try dataFrame(frame, frames)))
            case .run(let run) where !share.contains(run.offset):
                for item in run.items {
                    switch item {
                    case .frame(let frame): passed.append(.frame(try dataFrame(frame, frames)))
                    case .skippable(let bytes): passed.append(.skippable(bytes))
                    }
                }
            default:
                upcoming = next
                return passed
            }
        }
        return passed
    }

    /// The next frames, whatever part they belong to.
    mutating func next(_ frames: FileFrames) throws(PoolmapError) -> FileFrames.Next {
        if let next = upcoming.take() { return next }
        return try frames.nextFrames()
    }

    /// A frame as its header and the tables describe it.
    private mutating func dataFrame(_ frame: LocatedFrame, _ frames: FileFrames) throws(PoolmapError) -> DataFrame {
        var found = DataFrame(
            compressedBytes: frame.compressedBytes, contentBytes: frame.contentBytes ?? 0,
            contentChecksum: frame.contentChecksum, mark: frame.mark)
        guard let row = frame.row, let table = frames.seekTable, let rules = frames.rules else { return found }
        if frame.hasChecksum == nil {
            found.contentChecksum = rules.hasChecksums ? try table.row(row).checksum : nil
            found.mark = row == 0 ? rules.mark : nil
        }
        if checksums == nil {
            checksums = .some(try ChecksumRows.ofSection(frames, in: input))
        }
        if let checksums = checksums ?? nil, row < checksums.count {
            found.crc32c = try checksums.checksum(row)
        }
        return found
    }

    /// Records the next piece of content.
    mutating func add(_ contentBytes: UInt64, _ content: FrameDecompression.Content) {
        guard contentBytes > 0 else { return }
        table.rows.append(PartRow(byteCount: contentBytes, checksum: content.checksum ?? 0))
    }

    /// The table that follows the content.
    func tableBytes() throws(PoolmapError) -> [UInt8] { try table.serialized() }
}
