import SystemPackage

/// Hashes one input: a file whole in a worker, standard input here.
final class HashJob: Job {
    private let input: Input
    private let algorithm: HashAlgorithm
    private let meter: Meter
    private var isHandedOut = false
    private var digest: String?
    private var byteCount: UInt64 = 0
    private let take: (String) throws(PoolmapError) -> Void

    /// - Parameter take: gets the digest, in the order of the inputs.
    init(
        _ input: Input, _ algorithm: HashAlgorithm, _ meter: Meter,
        take: @escaping (String) throws(PoolmapError) -> Void
    ) {
        self.input = input
        self.algorithm = algorithm
        self.meter = meter
        self.take = take
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isHandedOut { return .end }
        isHandedOut = true
        switch input {
        case .file(let path):
            let piece = Piece(noun: "file", index: 0, offset: 0, byteCount: 0)
            return .work(.hash(path: path, algorithm: algorithm), piece, slot: nil, isLast: true)
        case .standardInput:
            return .local { [self] () throws(PoolmapError) in
                let file = try InputFile.standardInput()
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
                defer { buffer.deallocate() }
                (digest, byteCount) = try algorithm.digest(of: file.descriptor, through: buffer)
            }
        }
    }

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .hashed(let digest, let byteCount) = done else {
            throw PoolmapError(.failed, "a worker gave another answer than a digest")
        }
        (self.digest, self.byteCount) = (digest, byteCount)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        guard let digest else { throw PoolmapError(.failed, "there is no digest") }
        meter.add(input: byteCount)
        try take(digest)
        return JobSummary(inputBytes: byteCount)
    }
}
