import SystemPackage

/// Hashes one input: a file whole in a worker, standard input here.
final class HashJob: Job {
    private let input: Input
    private let algorithm: HashAlgorithm
    private let meter: Meter
    private var isHandedOut = false
    private var summary = JobSummary()

    init(_ input: Input, _ algorithm: HashAlgorithm, _ meter: Meter) {
        self.input = input
        self.algorithm = algorithm
        self.meter = meter
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isHandedOut { return .end }
        isHandedOut = true
        switch input {
        case .file(let path):
            return .work(.hash(path: path, algorithm: algorithm), .whole(0), slot: nil, isLast: true)
        case .standardInput:
            return .local(.whole(0)) { [self] () throws(PoolmapError) in
                let file = try InputFile.standardInput()
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
                defer { buffer.deallocate() }
                let (digest, byteCount) = try algorithm.digest(of: file.descriptor, through: buffer)
                summary = JobSummary(inputBytes: byteCount, digest: digest)
            }
        }
    }

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .hashed(let digest, let byteCount) = done else {
            throw PoolmapError(.failed, "a worker gave another answer than a digest")
        }
        summary = JobSummary(inputBytes: byteCount, digest: digest)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        guard summary.digest != nil else { throw PoolmapError(.failed, "there is no digest") }
        meter.add(input: summary.inputBytes)
        return summary
    }
}
