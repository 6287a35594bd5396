import CZstd

@testable import Files
@testable import Operations
@testable import SeekableZstd

extension FuzzTarget {
    /// The walker over frames, compared with libzstd's and with the frames of a file.
    static let frames = FuzzTarget(
        name: "frames", mostBytes: 4096, leastEdges: 340, seeds: { try Samples.files() },
        run: { bytes in
            let walked = walk(bytes)
            compareWithFile(bytes, walked)
        })

    /// Walks frame by frame, to the end or to the first invalid one.
    private static func walk(_ bytes: UnsafeRawBufferPointer) -> (frames: [FrameInfo], isWhole: Bool) {
        var frames: [FrameInfo] = []
        var offset = 0
        while offset < bytes.count {
            let rest = bytes.bytes(in: offset..<bytes.count)
            let found = Result { () throws(FormatError) in try FrameWalker.walk(rest, at: UInt64(offset)) }
            compareWithLibzstd(rest, found)
            guard case .success(let info) = found else { return (frames, false) }
            require(info.compressedBytes > 0 && info.compressedBytes <= rest.count, "\(info) in \(rest.count) bytes")
            frames.append(info)
            offset += Int(info.compressedBytes)
        }
        return (frames, true)
    }

    private static func compareWithLibzstd(_ bytes: UnsafeRawBufferPointer, _ found: Result<FrameInfo, FormatError>) {
        let size = ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count)
        let isError = ZSTD_isError(size) != 0
        switch found {
        case .success(let info) where !isError:
            require(info.compressedBytes == UInt64(size), "\(info.compressedBytes) bytes, and \(size) by libzstd")
        case .success(let info):
            // It does not examine frames whose window it could not hold.
            require(info.windowBytes > 1 << 31, "libzstd finds no frame where the walker finds \(info)")
        case .failure(.blockTooLarge), .failure(.oldFormat):
            // It leaves blocks to its decoder, and knows older formats.
            break
        case .failure(let error):
            require(isError, "libzstd finds a frame of \(size) bytes, and the walker \(error)")
        }
    }

    private static func compareWithFile(
        _ bytes: UnsafeRawBufferPointer, _ walked: (frames: [FrameInfo], isWhole: Bool)
    ) {
        guard !bytes.isEmpty, let input = try? InputFile.open(path: ScratchFiles.path(to: bytes)),
            let frames = try? FileFrames(input)
        else { return }
        var found: [LocatedFrame] = []
        var isWhole = true
        do {
            while let frame = try frames.next() { found.append(frame) }
        } catch {
            isWhole = false
        }
        require(found.map(\.compressedBytes).reduce(0, +) <= UInt64(bytes.count), "frames behind the file's end")
        // With a table, a frame's end is found without reading its blocks.
        guard frames.seekTable == nil else { return }
        require(isWhole == walked.isWhole, "a file is whole: \(isWhole), and its bytes: \(walked.isWhole)")
        require(
            found.map(\.compressedBytes) == walked.frames.map(\.compressedBytes),
            "a file has other frames than its bytes")
    }
}
