import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// The content of a compressed input that workers cannot read in parts, as a pipe: one process decompresses the input
/// from beginning to end.
final class ContentPipe {
    /// The reading end.
    let input: InputFile
    private let process: Process
    private let failure: FileDescriptor

    /// Forks the process; the caller must have one thread.
    ///
    /// - Parameter decompress: run in the process, with the writing end.
    init(
        of compressed: InputFile, decompress: @escaping (InputFile, FileDescriptor) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        let content = try ClosedOnExecPipe()
        let failure = try ClosedOnExecPipe()
        process = Process(daemon: true, standardInput: .inherited) {
            try? content.reading.close()
            try? failure.reading.close()
            do throws(PoolmapError) {
                try decompress(compressed, content.writing)
            } catch {
                ContentPipe.tell(error, failure.writing)
            }
        }
        do throws(MultiprocessingError) {
            try process.start()
        } catch {
            throw PoolmapError(error, else: .failed)
        }
        try? content.writing.close()
        try? failure.writing.close()
        self.failure = failure.reading
        input = try InputFile(reading: content.reading, name: compressed.name)
    }

    deinit {
        try? failure.close()
    }

    private static func tell(_ error: PoolmapError, _ failure: FileDescriptor) {
        var message = MessageWriter()
        error.write(to: &message)
        message.bytes.withUnsafeBytes { _ = write(failure.rawValue, $0.baseAddress, $0.count) }
    }

    /// Throws what prevented the process from decompressing everything; call it once the pipe has ended.
    func finish() throws(PoolmapError) {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = bytes.withUnsafeMutableBytes { space in
            (try? retryingInterrupted { read(failure.rawValue, space.baseAddress, space.count) }) ?? 0
        }
        let status = try? process.join()
        if count > 0 {
            var message = MessageReader(Array(bytes[..<count]))
            throw try PoolmapError(from: &message)
        }
        guard let status, status.isSuccess else {
            throw PoolmapError(.processDied, "the process decompressing it died")
        }
    }

    /// Ends the process when its content is no longer needed.
    func cancel() {
        process.kill()
        _ = try? process.join()
    }
}
