import Ground
import SeekableZstd

/// Steps for a file whose damage, if any, is inside its frames: all frames and tables are where they must be.
///
/// The file is walked twice, once to see whether it qualifies and once for the steps, so nothing is kept in memory,
/// however many frames there are.
final class StandingSteps {
    private let source: SalvageSource
    private var offset: UInt64 = 0
    private var frameCount = 0

    private init(_ source: SalvageSource) {
        self.source = source
    }

    /// The steps for a file; nil if the file does not qualify.
    ///
    /// - Parameter needsSizes: whether a table is needed for frames without a content size.
    ///
    /// Blocks: reads the headers of all frames.
    static func find(in source: SalvageSource, needsSizes: Bool) throws(PoolmapError) -> StandingSteps? {
        let steps = StandingSteps(source)
        var auditor = SectionAuditor(seesFrames: false)
        while let part = try steps.nextPart() {
            let isRight: Bool
            switch part {
            case .gap: return nil
            case .skippable(let frame): isRight = try auditor.add(skippable: frame, of: source)
            case .frame(let found):
                let frame = found.frame
                let contentBytes = frame.contentBytes
                if contentBytes == nil, needsSizes || frame.mark != nil || auditor.isInSection { return nil }
                // A decoder would find less content than the header says.
                if let contentBytes, contentBytes > found.frame.contentBound { return nil }
                let content = DataFrame(
                    compressedBytes: frame.compressedBytes, contentBytes: contentBytes ?? 0,
                    contentChecksum: found.contentChecksum, mark: frame.mark)
                isRight = (try? auditor.add(content)) != nil
            }
            guard isRight else { return nil }
        }
        guard (try? auditor.finish()) != nil else { return nil }
        return StandingSteps(source)
    }

    /// The next step; nil at the end.
    func next() throws(PoolmapError) -> SalvageStep? {
        switch try nextPart() {
        case .frame(let found):
            defer { frameCount += 1 }
            // The size in the header was checked against the tables, so it is certain.
            return .frame(SalvageFrame(found: found, number: frameCount, contentBytes: found.frame.contentBytes))
        case .skippable(let frame): return .skippable(frame)
        case .gap(let gap): throw PoolmapError(.changed, "changed while it was read: \(gap.reason)")
        case nil: return nil
        }
    }

    private func nextPart() throws(PoolmapError) -> FoundPart? {
        guard offset < source.byteCount else { return nil }
        var walker = FrameWalker(at: offset)
        var position = offset
        while true {
            let (skip, take) = walker.demand
            let bytes = skip <= source.byteCount - position ? try source.read(at: position + skip, count: take) : []
            position += skip + UInt64(bytes.count)
            do throws(FormatError) {
                let info = try bytes.withBytes { (bytes) throws(FormatError) in
                    guard bytes.count == take, position <= source.byteCount else {
                        throw walker.endOfInput(after: bytes)
                    }
                    return try walker.feed(bytes)
                }
                guard let info else { continue }
                let frame = LocatedFrame(info, at: offset)
                offset += info.compressedBytes
                return info.kind == .zstandard
                    ? .frame(FoundFrame(frame: frame, contentChecksum: info.contentChecksum)) : .skippable(frame)
            } catch {
                return .gap(FoundGap(range: offset..<source.byteCount, reason: "\(error)", heads: []))
            }
        }
    }
}

extension SectionAuditor {
    /// Checks the next frame of a damaged file, a skippable one; returns false if it breaks a rule.
    fileprivate mutating func add(
        skippable frame: LocatedFrame, of source: SalvageSource
    ) throws(PoolmapError) -> Bool {
        var start = frame.offset
        let count = min(frame.compressedBytes, UInt64(SectionAuditor.beginningBytes))
        let beginning = try source.read(at: start, count: Int(count))
        guard (try? beginning.withBytes({ (bytes) throws(FormatError) in try begin(skippable: bytes) })) != nil else {
            return false
        }
        start += count
        while missingBytes > 0 {
            let piece = try source.read(at: start, count: min(missingBytes, 64 << 10))
            guard (try? piece.withBytes({ (piece) throws(FormatError) in try feed(piece) })) != nil else {
                return false
            }
            start += UInt64(piece.count)
        }
        return true
    }
}
