import CZstd
import SystemPackage

@testable import Ground
@testable import Operations
@testable import Run

extension FuzzTarget {
    /// A whole file, read as the command does with one job: from a file, from a pipe, and by --salvage.
    ///
    /// All three must agree on whether it is intact and on its content. Whatever they accept, libzstd must accept with
    /// the same content.
    static let decompress = FuzzTarget(
        name: "decompress", mostBytes: 1024, leastEdges: 2800,
        seeds: { try Samples.files().filter { $0.count <= 1024 } },
        run: { bytes in
            guard !bytes.isEmpty else { return }
            let file = restore(ScratchFiles.path(to: bytes)) { $0.decompress($1, report: $2) }
            let pipe = ScratchFiles.withPipe(of: bytes) { path in restore(path) { $0.decompress($1, report: $2) } }
            switch (file.result, pipe.result) {
            case (.success, .success):
                require(file.content == pipe.content, "a file and a pipe have other content")
                require(reference(bytes) == file.content, "libzstd does not restore the same")
            case (.failure(let fileError), .failure(let pipeError)):
                require(fileError.code == pipeError.code, "a file: \(fileError); a pipe: \(pipeError)")
            default: require(false, "a file: \(file.result); a pipe: \(pipe.result)")
            }
            compareSalvage(bytes, file)
        })

    private typealias Restored = (result: Result<JobSummary, PoolmapError>, content: [UInt8])

    private static func compareSalvage(_ bytes: UnsafeRawBufferPointer, _ file: Restored) {
        let salvaged = restore(ScratchFiles.path(to: bytes)) { $0.salvage($1, omitsLost: true, report: $2) }
        let isWhole = ((try? salvaged.result.get())?.salvage?.isWhole) ?? false
        switch file.result {
        case .success:
            require(isWhole, "what is whole --salvage does not find whole: \(salvaged.result)")
            require(salvaged.content == file.content, "--salvage restores another content")
        case .failure(let error): require(!isWhole, "--salvage finds it whole: \(error)")
        }
    }

    private static func restore(_ path: String, _ body: (Batch, OneItem, @escaping Batch.Report) -> Void) -> Restored {
        var found: Result<JobSummary, PoolmapError>?
        body(Batch(jobs: 1), OneItem(path: path)) { _, result in
            require(found == nil, "one file is reported twice")
            found = result
        }
        guard let found else { fatalError("a file is not reported") }
        return (found, ScratchFiles.standardOutput())
    }

    /// The content according to libzstd; nil if it reports an error.
    private static func reference(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        let context = ZSTD_createDStream()
        defer { ZSTD_freeDStream(context) }
        var content: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 1 << 17)
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        while true {
            let (result, count) = space.withUnsafeMutableBytes { space in
                var output = ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
                return (ZSTD_decompressStream(context, &output, &input), output.pos)
            }
            if ZSTD_isError(result) != 0 { return nil }
            content += space.prefix(count)
            if input.pos == input.size, count < space.count { return result == 0 ? content : nil }
        }
    }
}

/// One file, decompressed to standard output.
final class OneItem: ItemSource {
    let path: String
    private(set) var hasMore = true

    init(path: String) {
        self.path = path
    }

    func next() -> ItemStep {
        defer { hasMore = false }
        return hasMore ? .item(.file(path), .standardOutput, file: nil) : .end
    }
}
