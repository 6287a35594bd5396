import Digests
import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// A file that one worker does alone.
package struct FileWork {
    /// Where the input is.
    package var input: Place
    /// Where the target is to be; nil where nothing is written.
    package var target: Place?
    /// What it had when it was looked at.
    package var byteCount: UInt64
    /// Where the worker notes what it has done, for the case that it is killed; nil where it writes nothing.
    package var note: Int?
    /// By what it is hashed; empty where it is not.
    package var algorithms: [HashAlgorithm] = []
    /// What it must still be when it is opened; nil where any file of that name will do.
    package var identity: FileIdentity?
    /// The size of the chunks that are hashed by themselves, by one algorithm; nil where the whole is.
    package var chunkBytes: UInt64?
    /// What the name has led to just before the file is opened; nil where nobody asked then.
    package var found: FileStatus?

    package init(
        input: Place, target: Place? = nil, byteCount: UInt64, note: Int? = nil, algorithms: [HashAlgorithm] = [],
        identity: FileIdentity? = nil, chunkBytes: UInt64? = nil
    ) {
        self.input = input
        self.target = target
        self.byteCount = byteCount
        self.note = note
        self.algorithms = algorithms
        self.identity = identity
        self.chunkBytes = chunkBytes
    }
}

/// What a worker answers of one file of several.
package struct FileDone {
    package enum Outcome {
        case done(JobSummary)
        /// The file is not what it was taken for: a pipe by now, or large. The front is to do it, in pieces.
        case isForFront
        case failed(PoolmapError)
    }

    package let outcome: Outcome
    /// On the monotonic clock.
    let startedNanoseconds: UInt64
    let durationNanoseconds: UInt64

    package init(outcome: Outcome, startedNanoseconds: UInt64, durationNanoseconds: UInt64) {
        self.outcome = outcome
        self.startedNanoseconds = startedNanoseconds
        self.durationNanoseconds = durationNanoseconds
    }
}

/// Does files whole, in the process that it is used in.
package protocol WholeFilePerformer: AnyObject {
    /// Called before files that were handed out together.
    func begin()
    /// Called behind them.
    func end()
    /// Does a file.
    ///
    /// - Parameter note: what another worker may have noted of the same file before it was killed.
    func run(_ work: FileWork, _ note: CommitNote?) -> FileDone
}

extension TaskMessage {
    package static func wholeFile(_ work: FileWork) -> TaskMessage {
        files(FileWorks([work]))
    }

    /// Files that are done whole.
    ///
    /// - Parameter isSent: whether it is handed out as it is, and no others are to go with them.
    package static func files(_ works: FileWorks, isSent: Bool = false) -> TaskMessage {
        let byteCount = works.all.reduce(0) { $0 + $1.byteCount }
        if isSent { return WholeFiles.task(works, [], byteCount: byteCount) }
        return TaskMessage(operation: WholeFiles.self, bytes: [], files: [], byteCount: byteCount, wholeFiles: works)
    }
}

/// Does small files whole, each from opening it to giving its target its name.
package final class WholeFiles: Operation {
    private let files: any WholeFilePerformer

    package init(_ files: any WholeFilePerformer) {
        self.files = files
    }

    package func perform(_ work: FileWorks, _ shared: [SharedDescriptor], _ hands: Hands) -> FileResults {
        files.begin()
        defer { files.end() }
        return FileResults(work.all.map { file in files.run(file, file.note.flatMap { hands.areas.note($0) }) })
    }

    package static func results(of done: FileResults) -> [PieceResult] { [] }
}
