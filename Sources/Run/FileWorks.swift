import Digests
import Files
import Ground

/// Small files that are handed to one worker together.
package struct FileWorks: Message {
    let all: [FileWork]

    init(_ all: [FileWork]) {
        self.all = all
    }

    package init(from message: inout MessageReader) throws(PoolmapError) {
        all = try message.nextList { (message) throws(PoolmapError) in
            var work = FileWork(input: try Place(from: &message), byteCount: try message.next())
            work.target = try message.nextOptional()
            work.note = try message.next()
            work.identity = try message.next()
            work.chunkBytes = try message.next()
            work.algorithms = try message.nextList { (message) throws(PoolmapError) in try HashAlgorithm(from: &message)
            }
            return work
        }
    }

    package func write(to message: inout MessageWriter) {
        message.add(list: all) { work, message in
            work.input.write(to: &message)
            message.add(work.byteCount)
            message.add(optional: work.target)
            message.add(work.note)
            message.add(work.identity)
            message.add(work.chunkBytes)
            message.add(list: work.algorithms) { $0.write(to: &$1) }
        }
    }
}

/// A worker's answers for files handed to it together, in their order.
package struct FileResults: Message {
    let all: [FileDone]

    init(_ all: [FileDone]) {
        self.all = all
    }

    package init(from message: inout MessageReader) throws(PoolmapError) {
        all = try message.nextList { (message) throws(PoolmapError) in
            let time: WorkTime = try message.next()
            let outcome: FileDone.Outcome =
                switch try message.next(UInt8.self) {
                case 0: .done(try JobSummary(from: &message))
                case 1: .isForFront
                default: .failed(try PoolmapError(from: &message))
                }
            return FileDone(
                outcome: outcome, startedNanoseconds: time.startedNanoseconds,
                durationNanoseconds: time.durationNanoseconds)
        }
    }

    package func write(to message: inout MessageWriter) {
        message.add(list: all) { file, message in
            message.add(WorkTime(of: file))
            switch file.outcome {
            case .done(let summary):
                message.add(UInt8(0))
                summary.write(to: &message)
            case .isForFront: message.add(UInt8(1))
            case .failed(let error):
                message.add(UInt8(2))
                error.write(to: &message)
            }
        }
    }
}

extension WorkTime {
    fileprivate init(of file: FileDone) {
        startedNanoseconds = file.startedNanoseconds
        durationNanoseconds = file.durationNanoseconds
    }
}

/// The summary of a file that a worker has done whole.
extension JobSummary: Message {
    package init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(
            inputBytes: try message.next(), outputBytes: try message.next(), isUnchanged: try message.next(),
            metadataErrno: try message.next())
        digests = try message.nextList { (message) throws(PoolmapError) in try message.nextText() }
    }

    package func write(to message: inout MessageWriter) {
        message.add(inputBytes)
        message.add(outputBytes)
        message.add(isUnchanged)
        message.add(metadataErrno)
        message.add(list: digests) { $1.add(text: $0) }
    }
}
