import Ground
import Run

/// A worker's answer for a run of frames, column by column, in the order of the frames.
struct FrameRunDone: Message {
    /// A frame that could not be decompressed.
    struct Failure {
        let index: Int
        let error: PoolmapError
    }

    /// The sizes of the frames' content, which is consecutive; 0 for a frame that failed.
    var contentBytes: [UInt32] = []
    /// The checksums of the compressed bytes.
    var checksums: [UInt32] = []
    /// The frames that failed; only the last frame, unless the run goes on after damage.
    var failures: [Failure] = []

    /// The size of all content.
    var totalBytes: Int { contentBytes.reduce(0) { $0 + Int($1) } }

    init() {}

    init(from message: inout MessageReader) throws(PoolmapError) {
        contentBytes = try message.nextArray()
        checksums = try message.nextArray()
        failures = try message.nextList { (message) throws(PoolmapError) in
            Failure(index: try message.next(), error: try PoolmapError(from: &message))
        }
    }

    func write(to message: inout MessageWriter) {
        message.add(each: contentBytes)
        message.add(each: checksums)
        message.add(list: failures) { failure, message in
            message.add(failure.index)
            failure.error.write(to: &message)
        }
    }
}
