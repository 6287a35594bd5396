import Digests
import Files
import Ground
import SeekableZstd

/// What all parts of one job must have in common to be joined.
struct PartJob: Equatable {
    /// The size of the whole input; for a job on many files, their number.
    var inputBytes: UInt64
    /// The input's modification time, in whole seconds and nanoseconds.
    var modifiedSeconds: Int64
    var modifiedNanoseconds: UInt32
    /// 16 bytes of the SHA-256 of the first and the last `endBytes` of the input; for a job on many files, the checksum
    /// of their names in the first 8 bytes.
    var ends: [UInt8]
    /// Everything besides the input that affects the output, as `name=value`.
    var settings: [String]

    /// What is done with the input; the first of the settings.
    enum Operation: String {
        case compress, decompress, hash, manifest, map
        /// Lines about many files, of which each part has a share.
        case files
    }

    static let digestBytes = 16
    private static let endBytes: UInt64 = 64 << 10

    /// Describes a job on an input as it is now.
    init(_ input: InputFile, _ operation: Operation, _ settings: [String] = []) throws(PoolmapError) {
        inputBytes = input.byteCount
        modifiedSeconds = Int64(input.status.modified.tv_sec)
        modifiedNanoseconds = UInt32(clamping: input.status.modified.tv_nsec)
        var digest = SHA256Hasher()
        let count = min(inputBytes, PartJob.endBytes)
        for offset in [0, inputBytes - count] {
            try input.readBytes(at: offset, count: Int(count)).withBytes { digest.update($0) }
        }
        ends = Array(digest.finish().prefix(PartJob.digestBytes))
        self.settings = ["operation=" + operation.rawValue] + settings
    }

    /// Describes a job on many files, of which each part has a share: only the names are common to all.
    init(_ names: NameTally, _ settings: [String]) {
        (inputBytes, modifiedSeconds, modifiedNanoseconds) = (names.count, 0, 0)
        ends = []
        ends.append(littleEndian: names.checksum)
        ends += [UInt8](repeating: 0, count: PartJob.digestBytes - ends.count)
        self.settings = ["operation=" + Operation.files.rawValue] + settings
    }

    /// The values of all settings with this name.
    func values(of name: String) -> [String] {
        settings.compactMap { $0.hasPrefix(name + "=") ? String($0.dropFirst(name.count + 1)) : nil }
    }

    /// What parts divide among them: the input, or its content if the settings give its size.
    var sharedBytes: UInt64 { values(of: "content").first.flatMap { UInt64($0) } ?? inputBytes }

    /// nil if the operation is unknown.
    var operation: Operation? {
        values(of: "operation").first.flatMap { Operation(rawValue: $0) }
    }

    init(
        inputBytes: UInt64, modifiedSeconds: Int64, modifiedNanoseconds: UInt32, ends: [UInt8], settings: [String]
    ) {
        self.inputBytes = inputBytes
        self.modifiedSeconds = modifiedSeconds
        self.modifiedNanoseconds = modifiedNanoseconds
        self.ends = ends
        self.settings = settings
    }

    /// Why a part of this job does not belong to another job, as text for the user; nil if it does.
    func difference(from other: PartJob) -> String? {
        if operation == .files, other.operation == .files {
            if inputBytes != other.inputBytes {
                return "it found \(inputBytes) files, not \(other.inputBytes)"
            }
            if ends != other.ends { return "it found other file names" }
        }
        if inputBytes != other.inputBytes {
            return "its input had \(inputBytes) bytes, not \(other.inputBytes)"
        }
        if modifiedSeconds != other.modifiedSeconds || modifiedNanoseconds != other.modifiedNanoseconds {
            return "its input had a different modification time"
        }
        if ends != other.ends { return "its input had different content" }
        for (own, others) in zip(settings, other.settings) where own != others {
            return "it was made with \(own), not \(others)"
        }
        return settings.count == other.settings.count ? nil : "it was made by another version of poolmap"
    }
}

/// A row of a part's table: one piece.
struct PartRow: BitwiseCopyable, Equatable {
    /// The length in the part's file.
    var byteCount: UInt64
    /// The content size, if the piece is a compressed frame.
    var contentBytes: UInt64 = 0
    /// The CRC-32C of the bytes in the part's file.
    var checksum: UInt32
    /// The content checksum, if the piece is a compressed frame with one; otherwise 0.
    var contentChecksum: UInt32 = 0

    static let byteCount = 24
}

/// The table at the end of a part's file, after its pieces.
///
/// It is a skippable frame, so that every decoder can decompress the pieces of a compression. The layout is in
/// docs/parts.md.
struct PartTable: Equatable {
    var job: PartJob
    var part: Part
    /// The range of the part's pieces in the input.
    var range: Range<UInt64>
    var rows: [PartRow]

    /// The length of the file before the table; nil if the sum overflows.
    var byteCount: UInt64? {
        rows.reduce(0) { (sum: UInt64?, row) in
            guard let (sum, isTooMuch) = sum?.addingReportingOverflow(row.byteCount), !isTooMuch else { return nil }
            return sum
        }
    }

    private static let identifier = Array("poolmapP".utf8)
    private static let end = Array("Ppam".utf8)
    private static let version: UInt8 = 1
    /// Where the settings begin.
    private static let headBytes = 88
    /// The length, the checksum and the end mark.
    private static let tailBytes = 12
    private static let leastBytes = headBytes + tailBytes

    /// The bytes of the frame.
    ///
    /// Throws if there are more pieces than a frame has room for.
    func serialized() throws(PoolmapError) -> [UInt8] {
        let text = Array(job.settings.joined(separator: "\n").utf8)
        let frameBytes = PartTable.leastBytes + text.count + rows.count * PartRow.byteCount
        guard let length = UInt32(exactly: frameBytes) else {
            throw PoolmapError(.tooLarge, "has too many chunks for one part; use more parts")
        }
        var bytes = SkippableFrame.prefix(nibble: SkippableFrame.sectionNibble, frameBytes: frameBytes)
        bytes += PartTable.identifier + [PartTable.version, 0, 0, 0]
        bytes.append(littleEndian: UInt32(part.number))
        bytes.append(littleEndian: UInt32(part.count))
        bytes.append(littleEndian: job.modifiedNanoseconds)
        bytes.append(littleEndian: job.modifiedSeconds)
        bytes.append(littleEndian: job.inputBytes)
        bytes.append(littleEndian: range.lowerBound)
        bytes.append(littleEndian: range.upperBound)
        bytes += job.ends
        bytes.append(littleEndian: UInt32(text.count))
        bytes.append(littleEndian: UInt32(rows.count))
        bytes += text
        for row in rows {
            bytes.append(littleEndian: row.byteCount)
            bytes.append(littleEndian: row.contentBytes)
            bytes.append(littleEndian: row.checksum)
            bytes.append(littleEndian: row.contentChecksum)
        }
        bytes.append(littleEndian: length)
        bytes.appendCRC32C()
        return bytes + PartTable.end
    }

    /// Reads the table at the end of a file.
    ///
    /// Throws if there is none, or it does not fit the file. Allocates memory for what the file holds, never for what
    /// it announces.
    ///
    /// - Returns: the table, and the length of the file before it.
    static func read(of file: InputFile) throws(PoolmapError) -> (PartTable, byteCount: UInt64) {
        let damaged = PoolmapError(
            .damaged, "is not a part made by poolmap, or is truncated or damaged; make the part again")
        guard file.isRegular, file.byteCount >= UInt64(PartTable.leastBytes) else { throw damaged }
        let tail = try file.readBytes(at: file.byteCount - UInt64(PartTable.tailBytes), count: PartTable.tailBytes)
        let frameBytes = tail.withBytes { $0.littleEndian(UInt32.self, at: 0) }
        guard tail.suffix(4).elementsEqual(PartTable.end), UInt64(frameBytes) <= file.byteCount,
            frameBytes >= PartTable.leastBytes
        else { throw damaged }
        let bytes = try file.readBytes(at: file.byteCount - UInt64(frameBytes), count: Int(frameBytes))
        guard let table = try bytes.withBytes({ (bytes) throws(PoolmapError) in try PartTable(bytes) }),
            let byteCount = table.byteCount, byteCount == file.byteCount - UInt64(frameBytes)
        else { throw damaged }
        return (table, byteCount)
    }

    /// Whether a file already is this part, complete and of the same job, so that it need not be made again.
    ///
    /// The join verifies its pieces.
    func isThere(_ path: String) -> Bool {
        guard FileStatus(ofPath: path)?.isRegular == true, let file = try? InputFile.open(path: path),
            let (found, _) = try? PartTable.read(of: file)
        else { return false }
        return found.job == job && found.part == part
    }

    /// nil if `bytes` are not a table.
    init?(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        guard bytes.count >= PartTable.leastBytes, let frame = SkippableFrame(bytes),
            frame.nibble == SkippableFrame.sectionNibble, frame.frameBytes == UInt64(bytes.count),
            bytes[8..<16].elementsEqual(PartTable.identifier)
        else { return nil }
        let checked = bytes.bytes(in: 0..<bytes.count - 8)
        guard CRC32C.checksum(of: checked) == bytes.littleEndian(at: checked.count) else { return nil }
        // Checked only now that the checksum matches, so a damaged byte is not taken for another version.
        guard bytes[16] == PartTable.version else {
            throw PoolmapError(.unsupported, "was made by another version of poolmap")
        }
        let textBytes = Int(bytes.littleEndian(UInt32.self, at: 80))
        let rowCount = Int(bytes.littleEndian(UInt32.self, at: 84))
        let (first, last) = (bytes.littleEndian(UInt64.self, at: 48), bytes.littleEndian(UInt64.self, at: 56))
        guard bytes[17..<20].allSatisfy({ $0 == 0 }),
            bytes.count == PartTable.leastBytes + textBytes + rowCount * PartRow.byteCount, first <= last,
            let part = Part(
                Int(bytes.littleEndian(UInt32.self, at: 20)), of: Int(bytes.littleEndian(UInt32.self, at: 24)))
        else { return nil }
        let text = String(
            decoding: bytes.bytes(in: PartTable.headBytes..<PartTable.headBytes + textBytes), as: UTF8.self)
        job = PartJob(
            inputBytes: bytes.littleEndian(at: 40), modifiedSeconds: bytes.littleEndian(at: 32),
            modifiedNanoseconds: bytes.littleEndian(at: 28), ends: Array(bytes[64..<80]),
            settings: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        self.part = part
        range = first..<last
        rows = (0..<rowCount).map { index in
            let place = PartTable.headBytes + textBytes + index * PartRow.byteCount
            return PartRow(
                byteCount: bytes.littleEndian(at: place), contentBytes: bytes.littleEndian(at: place + 8),
                checksum: bytes.littleEndian(at: place + 16), contentChecksum: bytes.littleEndian(at: place + 20))
        }
    }

    /// Creates a table without pieces.
    init(_ job: PartJob, _ part: Part, _ range: Range<UInt64> = 0..<0) {
        (self.job, self.part, self.range) = (job, part, range)
        rows = []
    }
}
