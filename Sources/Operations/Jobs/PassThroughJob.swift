import Files
import Ground
import Run
import SystemPackage

/// Copies an input that is no Zstandard file to its output, as `zstdcat -f` does; restores one that is.
///
/// What an input is its first bytes say, for which nobody waits: a pipe may be slow.
final class PassThroughJob: Job {
    private let input: InputFile
    private let output: Output
    private let limit: ContentLimit
    private let meter: Meter
    private var beginning: [UInt8] = []
    private var restoring: DecompressJob?
    private var isCopying = false
    private var isAtEnd = false
    private var byteCount: UInt64 = 0

    init(_ input: InputFile, to output: Output, _ limit: ContentLimit, _ meter: Meter) {
        self.input = input
        self.output = output
        self.limit = limit
        self.meter = meter
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if let restoring { return try restoring.next(workforce) }
        if !isCopying {
            guard try input.readBeginning(into: &beginning) else { return .waitForInput(input.descriptor) }
            if beginning.isEmpty || FileKind(beginning) != .other {
                if let name = FileKind(beginning).nameOfOther {
                    throw PoolmapError(.unsupported, "is a file of \(name), which poolmap does not read")
                }
                let job = try DecompressJob(input, to: output, limit, meter)
                restoring = job
                return try job.next(workforce)
            }
            isCopying = true
            meter.expect(input)
        }
        if isAtEnd { return .end }
        if !input.isRegular, !input.hasInput() { return .waitForInput(input.descriptor) }
        return .local(nil) { [self] () throws(PoolmapError) in
            try withPiece { (space) throws(PoolmapError) in try copyPiece(by: space) }
        }
    }

    private func copyPiece(by space: UnsafeMutableRawBufferPointer) throws(PoolmapError) {
        let count: Int
        if input.isRegular {
            var reader = input.reader(at: byteCount, byteCount: input.byteCount - byteCount)
            count = try reader.read(into: space)
        } else {
            count = try input.readSome(into: space)
        }
        try limit.check(byteCount + UInt64(count), readBytes: byteCount + UInt64(count))
        try output.write(UnsafeRawBufferPointer(rebasing: space[..<count]), at: byteCount)
        byteCount += UInt64(count)
        isAtEnd = input.isRegular ? byteCount == input.byteCount : count == 0
        meter.add(input: UInt64(count), output: UInt64(count))
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        try restoring?.accept(answer, slot: slot, workforce)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        if let restoring { return try restoring.finish() }
        input.leaveOffset(behind: byteCount)
        try input.requireUnchanged()
        return try output.commit(of: input, JobSummary(inputBytes: byteCount, outputBytes: byteCount))
    }

    func abandon(_ workforce: Workforce) {
        if let restoring { return restoring.abandon(workforce) }
        input.leaveOffset(behind: byteCount)
    }
}

/// What a file's first bytes say that it is.
enum FileKind {
    case zstandard, gzip, xz, lzma, lz4, other

    /// So many bytes are looked at.
    static let byteCount = 4

    init(_ beginning: [UInt8]) {
        guard beginning.count >= FileKind.byteCount else {
            self = .other
            return
        }
        let magic = beginning.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) }
        switch magic {
        // With those of the versions before 1.0, which libzstd says more of.
        case 0xFD2F_B522...0xFD2F_B528, 0x184D_2A50...0x184D_2A5F: self = .zstandard
        case 0x184D_2204: self = .lz4
        case _ where beginning.starts(with: [0x1F, 0x8B]): self = .gzip
        case _ where beginning.starts(with: [0xFD, 0x37]): self = .xz
        case _ where beginning.starts(with: [0x5D, 0x00]): self = .lzma
        default: self = .other
        }
    }

    /// The program of a format that zstd reads and poolmap does not: its compressed bytes are nobody's content.
    var nameOfOther: String? {
        switch self {
        case .zstandard, .other: nil
        case .gzip: "gzip"
        case .xz: "xz"
        case .lzma: "lzma"
        case .lz4: "lz4"
        }
    }
}

extension InputFile {
    /// Reads so many of the first bytes as say what it is, or all where there are fewer; false where that would be to wait.
    ///
    /// A pipe has them still.
    func readBeginning(into beginning: inout [UInt8]) throws(PoolmapError) -> Bool {
        if isRegular {
            beginning = try readBytes(at: 0, count: Int(min(UInt64(FileKind.byteCount), byteCount)))
            return true
        }
        while beginning.count < FileKind.byteCount {
            guard hasInput() else { return false }
            let wanted = FileKind.byteCount - beginning.count
            let count = try withPiece { (space) throws(PoolmapError) in
                let count = try readSome(into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted]))
                beginning += space[..<count]
                return count
            }
            if count == 0 { break }
        }
        putBack(beginning)
        return true
    }
}
