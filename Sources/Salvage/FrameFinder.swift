import Ground
import SeekableZstd

/// Finds the frames of a damaged file, and the gaps between them.
///
/// It walks from frame to frame. Where no frame begins, or one breaks off, it searches byte by byte for the next one.
/// Four bytes that look like a magic number do not make a frame: compressed data contains such bytes, and files that
/// hold compressed files contain many. So a frame must
///
/// - have a header and blocks that lead to its end, with room in the blocks for the content that the header announces;
/// - and be followed by the end of the file or by another magic number, or else decompress. A damaged block header
///   leads anywhere, even past the beginning of an intact frame, so a length alone is not trusted.
///
/// A frame without content that is followed by neither must be one of our own tables, or one of pzstd's skippable
/// frames with the length of the next frame, provided that there is a border after that length. A frame that ends past
/// the end of the file is tested with a decoder too. If its blocks decompress up to the last, which is cut, then those
/// blocks hide no other frame. (The last one may hide one, if the frame is damaged rather than cut; then everything
/// from there to the end of the file is intact.)
///
/// Memory does not grow with the file, and time grows at most linearly with it, whatever it contains: walks that lead
/// nowhere are charged to an allowance, which grows with the bytes searched.
package final class FrameFinder {
    /// Decompresses the frame in this range of the file.
    package typealias Probe = (Range<UInt64>) throws(PoolmapError) -> ProbeResult

    /// A decoder's verdict on a frame.
    package enum ProbeResult {
        /// The frame is intact.
        case whole
        /// All its bytes decompress, and more must follow.
        case cut
        case damaged
    }

    private let source: SalvageSource
    private let windowBytes: Int
    /// The offset of the next part.
    private var offset: UInt64 = 0
    /// The part found after the gap that was returned last.
    private var upcoming: FoundPart?
    /// Where the frame at `offset` ends according to pzstd's skippable frame before it.
    private var announcedEnd: UInt64?
    /// How far the last walk got.
    private var lastDemand: UInt64 = 0
    /// How many blocks may still be examined without success.
    private var allowance = 1 << 20

    private enum Examination {
        case whole(FoundPart)
        /// A frame that continues past the end of the file, and the offset of its last block.
        case cut(String, lastBlock: UInt64)
        case damaged(String)
    }

    /// - Parameter windowBytes: how many bytes to search at a time.
    package init(_ source: SalvageSource, windowBytes: Int = 256 << 10) {
        self.source = source
        self.windowBytes = windowBytes
    }

    /// The next part; nil at the end of the file.
    ///
    /// The parts are adjacent. Blocks; a search may read the whole file.
    package func next(probe: Probe) throws(PoolmapError) -> FoundPart? {
        if let found = upcoming {
            upcoming = nil
            return try step(over: found)
        }
        guard offset < source.byteCount else { return nil }
        switch try examine(offset, probe) {
        case .whole(let found): return try step(over: found)
        case .cut(let reason, let lastBlock): return try step(over: gap(reason, cutIn: lastBlock, probe))
        case .damaged(let reason): return try step(over: gap(reason, probe))
        }
    }

    private func step(over part: FoundPart) throws(PoolmapError) -> FoundPart {
        offset = part.range.upperBound
        announcedEnd = nil
        if case .skippable(let frame) = part {
            announcedEnd = try announcedEnd(by: frame)
        }
        return part
    }

    /// Where the next frame ends according to pzstd, which puts each frame's length before it; nil if that is not a
    /// border.
    private func announcedEnd(by frame: LocatedFrame) throws(PoolmapError) -> UInt64? {
        guard frame.compressedBytes == 12 else { return nil }
        let bytes = try source.read(at: frame.offset, count: 12)
        let length: UInt32? = bytes.withUnsafeBytes { bytes in
            guard bytes.count == 12, SkippableFrame(bytes)?.nibble == 0 else { return nil }
            return bytes.littleEndian(at: 8)
        }
        guard let length, length > 0 else { return nil }
        let end = frame.offset + 12 + UInt64(length)
        guard end <= source.byteCount, try isBorder(end) else { return nil }
        return end
    }

    // MARK: One frame

    private func examine(_ start: UInt64, _ probe: Probe) throws(PoolmapError) -> Examination {
        let before = allowance
        let examination = try look(at: start, probe)
        if case .whole = examination {
            allowance = before
        }
        return examination
    }

    private func look(at start: UInt64, _ probe: Probe) throws(PoolmapError) -> Examination {
        let info: FrameInfo
        switch try walk(start) {
        case .success(let found): info = found
        case .failure(.truncatedFrame(let offset)):
            let reason = "\(FormatError.truncatedFrame(at: offset))"
            let lastBlock = lastDemand
            return try isCut(start, probe) ? .cut(reason, lastBlock: lastBlock) : .damaged(reason)
        case .failure(let error): return .damaged("\(error)")
        }
        let frame = LocatedFrame(info, at: start)
        let isFollowed = try isBorder(start + info.compressedBytes)
        guard info.kind == .zstandard else {
            if isFollowed { return .whole(.skippable(frame)) }
            if try announcedEnd(by: frame) != nil { return .whole(.skippable(frame)) }
            return try isOwnTable(frame)
                ? .whole(.skippable(frame)) : .damaged("no frame follows the skippable frame at byte \(start)")
        }
        if let contentBytes = info.contentBytes, contentBytes > info.contentBound {
            return .damaged("damaged: the frame at byte \(start) is too short for its content")
        }
        if !isFollowed {
            // A decoder does not notice damage to one bit: the one that says that a checksum follows.
            if !info.hasChecksum, try isBorder(start + info.compressedBytes + 4) {
                return .damaged("damaged: the frame at byte \(start) has lost the flag for its checksum")
            }
            allowance -= Int(clamping: info.compressedBytes >> 10)
            guard case .whole = try probe(start..<start + frame.compressedBytes) else {
                return .damaged("damaged: the frame at byte \(start) does not decompress")
            }
        }
        return .whole(.frame(FoundFrame(frame: frame, contentChecksum: info.contentChecksum)))
    }

    private func isCut(_ start: UInt64, _ probe: Probe) throws(PoolmapError) -> Bool {
        let bytes = try source.read(at: start, count: FrameLayout.mostHeaderBytes)
        guard bytes.withUnsafeBytes({ FrameHead($0, at: start) }) != nil else { return false }
        allowance -= Int(clamping: (source.byteCount - start) >> 10)
        if case .cut = try probe(start..<source.byteCount) { return true }
        return false
    }

    private func walk(_ start: UInt64) throws(PoolmapError) -> Result<FrameInfo, FormatError> {
        var walker = FrameWalker(at: start)
        var position = start
        while true {
            allowance -= 1
            let (skip, take) = walker.demand
            lastDemand = position
            guard skip <= source.byteCount - position else { return .failure(.truncatedFrame(at: start)) }
            position += skip
            let bytes = try source.read(at: position, count: take)
            position += UInt64(bytes.count)
            do throws(FormatError) {
                let info = try bytes.withBytes { (bytes) throws(FormatError) in
                    guard bytes.count == take else { throw walker.endOfInput(after: bytes) }
                    return try walker.feed(bytes)
                }
                if let info { return .success(info) }
            } catch {
                return .failure(error)
            }
        }
    }

    /// Whether the file ends at `offset`, or another frame may begin there.
    private func isBorder(_ offset: UInt64) throws(PoolmapError) -> Bool {
        if offset == source.byteCount { return true }
        let bytes = try source.read(at: offset, count: 4)
        return bytes.withUnsafeBytes { $0.count == 4 && FrameLayout.isMagic($0.littleEndian(at: 0)) }
    }

    /// Whether a skippable frame is an intact section table or seek table.
    private func isOwnTable(_ frame: LocatedFrame) throws(PoolmapError) -> Bool {
        let beginning = try source.read(at: frame.offset, count: SectionAuditor.beginningBytes)
        let (isOurs, nibble) = beginning.withUnsafeBytes {
            (SectionTable.isSectionTable($0), SkippableFrame($0)?.nibble)
        }
        guard isOurs || nibble == SkippableFrame.seekTableNibble else { return false }
        // A table has a row of at most 12 bytes for each frame before it, and each frame has at least 8 bytes.
        guard frame.compressedBytes <= UInt64(SectionTable.fixedBytes) + 12 * (frame.offset / 8) else { return false }
        if isOurs { return try isSectionTable(beginning, frame) }
        let footerBytes = UInt64(SeekTable.footerBytes)
        guard frame.compressedBytes >= footerBytes else { return false }
        let footer = try source.read(
            at: frame.offset + frame.compressedBytes - footerBytes, count: SeekTable.footerBytes)
        let shape = footer.withUnsafeBytes { try? SeekTable.Shape(footerOf: $0) }
        return shape.map { UInt64($0.frameBytes) } == frame.compressedBytes
    }

    private func isSectionTable(_ beginning: [UInt8], _ frame: LocatedFrame) throws(PoolmapError) -> Bool {
        let fixedBytes = UInt64(SectionTable.fixedBytes)
        guard frame.compressedBytes >= fixedBytes else { return false }
        let end = frame.offset + frame.compressedBytes
        let written = try source.read(at: end - 4, count: 4).withBytes { $0.littleEndian(UInt32.self, at: 0) }
        let count = Int(frame.compressedBytes - fixedBytes) / 4
        guard try source.crc32c(of: frame.offset..<end - 4) == written else { return false }
        return (try? SectionTable.fields(in: beginning, rowCount: count, at: frame.offset)) != nil
    }

    // MARK: The next frame

    /// The bytes from `offset` to the next frame.
    private func gap(_ reason: String, _ probe: Probe) throws(PoolmapError) -> FoundPart {
        var heads = try heads(at: offset)
        let end: UInt64
        if let announcedEnd {
            end = announcedEnd
        } else {
            end = try search(from: offset + 1, &heads, probe)
        }
        return .gap(FoundGap(range: offset..<end, reason: reason, heads: heads))
    }

    private static let mostHeads = 4096

    /// The gap from `offset` to the end of the file, or to a frame in the last block from which the rest is intact.
    private func gap(
        _ reason: String, cutIn lastBlock: UInt64, _ probe: Probe
    ) throws(PoolmapError) -> FoundPart {
        let start = max(lastBlock, offset + 1)
        var end = source.byteCount
        let bytes = try source.read(at: start, count: Int(FrameInfo.maximumBlockBytes))
        for candidate in FrameFinder.magicNumbers(in: bytes) {
            let place = start + UInt64(candidate)
            if try leadsToEnd(place), case .whole(let found) = try examine(place, probe) {
                upcoming = found
                end = place
                break
            }
        }
        return .gap(FoundGap(range: offset..<end, reason: reason, heads: try heads(at: offset)))
    }

    private func leadsToEnd(_ start: UInt64) throws(PoolmapError) -> Bool {
        var position = start
        while position < source.byteCount {
            guard allowance > 0, case .success(let info) = try walk(position) else { return false }
            position += info.compressedBytes
        }
        return true
    }

    private func heads(at start: UInt64) throws(PoolmapError) -> [FrameHead] {
        let bytes = try source.read(at: start, count: SectionMark.shownBytes)
        return bytes.withUnsafeBytes { FrameHead($0, at: start) }.map { [$0] } ?? []
    }

    /// The offset of the next frame, which becomes `upcoming`; or the end of the file.
    private func search(
        from start: UInt64, _ heads: inout [FrameHead], _ probe: Probe
    ) throws(PoolmapError) -> UInt64 {
        var position = start
        while position + 4 <= source.byteCount {
            let bytes = try source.read(at: position, count: windowBytes)
            allowance = min(allowance + bytes.count >> 6 + 1, 1 << 24)
            for candidate in FrameFinder.magicNumbers(in: bytes) {
                let place = position + UInt64(candidate)
                guard allowance > 0 else { continue }
                if case .whole(let found) = try examine(place, probe) {
                    upcoming = found
                    return place
                }
                if heads.count < FrameFinder.mostHeads {
                    heads += try self.heads(at: place)
                }
            }
            // A magic number may straddle the end of the window.
            position += UInt64(bytes.count - 3)
        }
        return source.byteCount
    }

    private static func magicNumbers(in bytes: [UInt8]) -> [Int] {
        bytes.withUnsafeBytes { bytes in
            var found: [Int] = []
            guard bytes.count >= 4 else { return found }
            for index in 0...bytes.count - 4
            where FrameLayout.isMagic(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self)))
            {
                found.append(index)
            }
            return found
        }
    }
}
