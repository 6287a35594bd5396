/// How a slot is divided: what a worker reads is not overwritten by what it writes, so that a task can be run again.
struct SlotLayout {
    let inputBytes: Int
    let outputBytes: Int

    init(inputBytes: Int, outputBytes: Int) {
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
    }

    /// The slots of a compression with these options.
    init(compressing options: CompressionOptions) {
        // Several chunks that are small go together: of a pipe so many as are read, of a file more.
        inputBytes = max(1, Compression.mostPipeBytes / options.chunkBytes) * options.chunkBytes
        outputBytes =
            max(1, Compression.mostTaskBytes / options.chunkBytes) * Compressor.bound(of: options.chunkBytes)
    }

    /// The slots of a decompression: a frame with more content than `contentBytes` does not fit and is streamed.
    ///
    /// Memory is taken as it is touched, so that only large frames make large slots.
    init(decompressing contentBytes: Int) {
        inputBytes = Compressor.bound(of: contentBytes)
        outputBytes = contentBytes
    }

    /// The slots of hashing pipes: a piece that does not fit is hashed in order.
    init(hashing algorithms: [HashAlgorithm]) {
        let wanted = PieceSize.bytes(algorithms, wanted: PieceSize.ofPipe) ?? 0
        inputBytes = wanted <= PieceSize.mostOfPipe ? Int(wanted) : 0
        outputBytes = 0
    }

    /// The slots of hashing the chunks of pipes each by itself; nil for chunks of any size.
    init(hashingChunksOf chunkBytes: UInt64?) {
        let wanted = chunkBytes.map { PieceSize.ofChunks($0, isRegular: false) } ?? PieceSize.mostOfPipe
        inputBytes = wanted <= PieceSize.mostOfPipe ? Int(wanted) : 0
        outputBytes = 0
    }

    /// Frames of other programs are decompressed in parallel up to this size.
    static let commonContentBytes = 64 << 20

    /// Whether both sides of a frame have room in a slot.
    func holds(compressedBytes: UInt64, contentBound: UInt64) -> Bool {
        contentBound <= UInt64(outputBytes) && compressedBytes <= UInt64(inputBytes)
    }
}
