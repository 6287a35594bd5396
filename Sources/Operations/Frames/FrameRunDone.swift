import Ground
import Run

/// What a worker answers of a run of frames, by the column: one number after the other, and all in the frames' order.
struct FrameRunDone: Message {
    /// A frame that could not be decompressed.
    struct Failure {
        let index: Int
        let error: PoolmapError
    }

    /// The sizes of the frames' content, which is there one behind the other; 0 of one that has failed.
    var contentBytes: [UInt32] = []
    /// The checksums of the compressed bytes.
    var checksums: [UInt32] = []
    /// Those that have failed; where nobody wants to go on it is one, the last.
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
