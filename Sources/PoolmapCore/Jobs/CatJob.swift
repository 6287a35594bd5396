import SystemPackage

/// A range of the content of a regular file.
///
/// Only the frames that hold it are read and decompressed, where the sizes of those before them are known: by a seek
/// table, or by the frames' own headers.
///
/// Each frame is checked as far as it can be by itself: its checksum, and what the tables say of it. That the rest of
/// the file is whole is for `test` to say.
final class CatJob: Job {
    private let input: InputFile
    private let output: FileDescriptor
    private let range: Range<UInt64>
    private let frames: FileFrames
    private let meter: Meter
    private var index = 0
    /// Where the content of the next frame to be handed out begins; nil once a frame did not say its size.
    private var nextPlace: UInt64? = 0
    /// Where the content of the next frame to be accepted begins.
    private var place: UInt64 = 0
    private var writtenBytes: UInt64 = 0
    /// The CRC-32C of each data frame of a file of ours.
    private let frameChecksums: [UInt32]?
    /// The rows of the seek table for the frames that are under way.
    private var rows: [Int?] = []

    init(_ input: InputFile, _ range: Range<UInt64>, to output: FileDescriptor, _ meter: Meter) throws(PoolmapError) {
        guard input.isRegular else {
            throw PoolmapError(.unsupported, "a range can only be read from a regular file; use decompress on a pipe")
        }
        self.input = input
        self.range = range
        self.output = output
        self.meter = meter
        frames = try FileFrames(input)
        frameChecksums = try CatJob.frameChecksums(of: frames, in: input)
    }

    /// Of a file of ours, by its header or its seek table: holds one against the other, and reads the checksum table.
    private static func frameChecksums(of frames: FileFrames, in input: InputFile) throws(PoolmapError) -> [UInt32]? {
        guard let table = frames.seekTable else { return nil }
        let bytes = try input.readBytes(at: 0, count: Int(min(input.byteCount, UInt64(FileHeader.byteCount))))
        let hasHeader = bytes.withUnsafeBytes { FileHeader.isHeader($0) }
        guard hasHeader || table.rows.first == table.headerRow else { return nil }
        let header = try formatErrors { () throws(FormatError) in
            try bytes.withBytes { (bytes) throws(FormatError) in try FileHeader.parse(bytes) }
        }
        // What a part of the file does not show, its rows must: where each chunk is.
        let dataRows = table.rows.dropFirst().dropLast(header.hasChecksums ? 1 : 0)
        guard table.rows.first == table.headerRow, table.hasChecksums == header.hasChecksums, let last = dataRows.last,
            dataRows.dropLast().allSatisfy({ $0.contentBytes == header.chunkBytes }),
            last.contentBytes <= header.chunkBytes, last.contentBytes > 0 || dataRows.count == 1
        else {
            throw PoolmapError(.damaged, "the seek table does not match the file's header")
        }
        return header.hasChecksums ? try checksumTable(for: dataRows, in: input) : nil
    }

    private static func checksumTable(
        for dataRows: ArraySlice<SeekTable.Row>, in input: InputFile
    ) throws(PoolmapError) -> [UInt32] {
        let start = dataRows.reduce(UInt64(FileHeader.byteCount)) { $0 + UInt64($1.compressedBytes) }
        // The rows add up to the file, but which of them lies is not known: the table may seem to be behind the end.
        let count = UInt64(ChecksumTable.byteCount(frameCount: dataRows.count))
        guard start <= input.byteCount, count <= input.byteCount - start else {
            throw PoolmapError(.damaged, "the seek table does not match the file: there is no checksum table")
        }
        let bytes = try input.readBytes(at: start, count: Int(count))
        return try formatErrors { () throws(FormatError) in
            try bytes.withBytes { (bytes) throws(FormatError) in
                try ChecksumTable.parse(bytes, at: start).frameChecksums
            }
        }
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard workforce.hasFreeSlot else { return .waitForTurn }
        while nextPlace ?? place < range.upperBound, let frame = try frames.next() {
            if frame.isSkippable { continue }
            nextPlace = try end(of: frame)
            // Nothing was handed out yet, since the range begins behind this frame.
            if let end = nextPlace, end <= range.lowerBound {
                index += 1
                place = end
                continue
            }
            rows.append(frame.row)
            guard frame.fits(workforce.layout) else {
                return .local(piece(frame)) { [self] () throws(PoolmapError) in try stream(frame, workforce) }
            }
            return try work(frame, workforce)
        }
        return .end
    }

    private func end(of frame: LocatedFrame) throws(PoolmapError) -> UInt64? {
        guard let start = nextPlace, let contentBytes = frame.contentBytes else { return nil }
        let (end, overflowed) = start.addingReportingOverflow(contentBytes)
        if overflowed {
            throw PoolmapError(.damaged, "damaged: the content would have more than \(UInt64.max) bytes")
        }
        return end
    }

    private func work(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) -> Step {
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        let piece = piece(frame)
        let work = FrameWork(
            source: .file(input.reference, offset: input.start + frame.offset), compressedBytes: frame.compressedBytes,
            contentBytes: frame.contentBytes, contentBound: frame.contentBound, slot: slot, destination: .slot)
        let isLast = nextPlace.map { $0 >= range.upperBound } ?? false
        return .work(.decompress(work), piece, slot: slot, isLast: isLast)
    }

    private func piece(_ frame: LocatedFrame) -> Piece {
        defer { index += 1 }
        return Piece(noun: "frame", index: index, offset: frame.offset, byteCount: frame.compressedBytes)
    }

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .decompressed(let frame, _) = done, let slot else {
            throw PoolmapError(.failed, "a worker gave another answer than content")
        }
        try check(frame)
        try write(workforce.output(slot, Int(frame.contentBytes)))
    }

    private func stream(_ frame: LocatedFrame, _ workforce: Workforce) throws(PoolmapError) {
        var reader = FileReader(input.descriptor, at: input.start + frame.offset, byteCount: frame.compressedBytes)
        let done = try workforce.local.decompressStream(
            read: { (space) throws(PoolmapError) in try reader.read(into: space) },
            write: { (bytes) throws(PoolmapError) in try write(bytes) })
        try check(done)
    }

    /// Holds a frame against its rows in the tables.
    private func check(_ frame: DataFrame) throws(PoolmapError) {
        meter.add(input: frame.compressedBytes)
        guard let row = rows.removeFirst(), let table = frames.seekTable else { return }
        let mismatch = PoolmapError(.damaged, "the frame of row \(row) does not match the checksum in the tables")
        if table.hasChecksums, let checksum = frame.contentChecksum, checksum != table.rows[row].checksum {
            throw mismatch
        }
        // The first row is the header's.
        if let frameChecksums, row > 0, row <= frameChecksums.count, frame.crc32c != frameChecksums[row - 1] {
            throw mismatch
        }
    }

    /// Writes so much of the content as is in the range.
    private func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        let end = place + UInt64(bytes.count)
        let wanted = max(place, range.lowerBound)..<max(min(end, range.upperBound), max(place, range.lowerBound))
        if !wanted.isEmpty {
            let part = bytes[Int(wanted.lowerBound - place)..<Int(wanted.upperBound - place)]
            try output.writeAll(UnsafeRawBufferPointer(rebasing: part), to: "standard output")
            writtenBytes += UInt64(part.count)
            meter.add(output: UInt64(part.count))
        }
        place = end
    }

    func finish() throws(PoolmapError) -> JobSummary {
        try input.requireUnchanged()
        if place < range.lowerBound {
            throw PoolmapError(
                .invalidOption,
                "--offset \(range.lowerBound) is behind the end of the content, which has \(place) bytes")
        }
        return JobSummary(inputBytes: input.byteCount, outputBytes: writtenBytes)
    }
}
