import Digests
import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// A file that one worker does whole.
package struct FileWork {
    /// Where the input is.
    package var input: Place
    /// Where the target goes; nil if nothing is written.
    package var target: Place?
    /// Its size when its status was read.
    package var byteCount: UInt64
    /// The note in which the worker records what it has done, in case it is killed; nil if it writes nothing.
    package var note: Int?
    /// The digests to compute; empty for none.
    package var algorithms: [HashAlgorithm] = []
    /// The identity that it must still have when opened; nil to accept any file of that name.
    package var identity: FileIdentity?
    /// The size of chunks that are hashed separately, by one algorithm; nil to hash the whole.
    package var chunkBytes: UInt64?
    /// The file's status from just before it is opened; nil if it was not read then.
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

/// A worker's answer for one file.
package struct FileDone {
    package enum Outcome {
        case done(JobSummary)
        /// The file has changed its kind: it is a pipe by now, or large.
        ///
        /// The front must do it in pieces.
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

/// Processes whole files in the calling process.
package protocol WholeFilePerformer: AnyObject {
    /// Called before a group of files that were handed out together.
    func begin()
    /// Called after the group.
    func end()
    /// Processes a file.
    ///
    /// - Parameter note: the note that another worker may have written about the same file before it was killed.
    func run(_ work: FileWork, _ note: CommitNote?) -> FileDone
}

extension TaskMessage {
    package static func wholeFile(_ work: FileWork) -> TaskMessage {
        files(FileWorks([work]))
    }

    /// A task of files that are done whole.
    ///
    /// - Parameter isSent: true for a complete task; false if other files may be added before it is sent.
    package static func files(_ works: FileWorks, isSent: Bool = false) -> TaskMessage {
        let byteCount = works.all.reduce(0) { $0 + $1.byteCount }
        if isSent { return WholeFiles.task(works, [], byteCount: byteCount) }
        return TaskMessage(operation: WholeFiles.self, bytes: [], files: [], byteCount: byteCount, wholeFiles: works)
    }
}

/// Processes small files whole, from opening the input to naming the target.
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
