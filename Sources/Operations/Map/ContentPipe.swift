import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// The content of a compressed input that workers cannot take apart, out of a pipe: a process of its own decompresses it
/// from the beginning to the end.
final class ContentPipe {
    /// The reading end.
    let input: InputFile
    private let process: Process
    private let failure: FileDescriptor

    /// Forks the process, from one with one thread.
    ///
    /// - Parameter decompress: what it does, to the writing end.
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

    /// Throws what kept the process from decompressing all, once its pipe has ended.
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
            throw PoolmapError(.processDied, "the process that decompresses it has died")
        }
    }

    /// Ends the process, whose content nobody wants.
    func cancel() {
        process.kill()
        _ = try? process.join()
    }
}
