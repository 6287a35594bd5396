import Files
import Ground
import Run
import SystemPackage

/// Copies an input that is not a Zstandard file to its output, as `zstdcat -f` does; decompresses one that is.
///
/// The first bytes of the input decide. Reading them does not block: a pipe may be slow.
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
                    throw PoolmapError(.unsupported, "is a \(name) file, which poolmap cannot read")
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
