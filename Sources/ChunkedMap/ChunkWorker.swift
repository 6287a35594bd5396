import Chunks
import Files
import Ground
import Multiprocessing
import SystemPackage

/// What a worker keeps from task to task: room for chunks that cannot be mapped, and the compiled border search.
final class ChunkWorker {
    private var copies = Scratch()
    private var search = StretchSearch()
    /// The cut of the last look, with its regular expression compiled.
    private var lastCut: (kind: Cut.Kind, records: RecordKind)?

    /// Carries out a task; rethrows the function's error.
    func perform<Output>(
        _ task: ChunkTask, _ function: (borrowing Chunk) throws -> Output
    ) throws -> ChunkAnswer<Output> {
        let file = OpenFile(descriptor: task.file.fileDescriptor, status: task.facts.value.status)
        let output: Result<Output, any Error>
        do throws(PoolmapError) {
            switch task.facts.value.work {
            case .look(let start, let end, let rule, let question):
                let kind = try recordKind(of: task)
                let found = try search.perform(question, in: start..<end, rule, kind, of: file)
                try file.requireUnchanged()
                return .borders(found)
            case .chunk(let place): output = try run(function, over: place, of: file)
            }
        } catch {
            return .failure(error)
        }
        return .output(try output.get())
    }

    /// Runs the function over a chunk of the unchanged file, and returns its output or error.
    private func run<Output>(
        _ function: (borrowing Chunk) throws -> Output, over place: ChunkPlace, of file: OpenFile
    ) throws(PoolmapError) -> Result<Output, any Error> {
        try file.requireUnchanged()
        let memory = try ChunkMemory(of: place, file.descriptor, &copies)
        let output = Result {
            try function(Chunk(bytes: memory.bytes.bytes, index: place.index, offset: place.offset))
        }
        try file.requireUnchanged()
        return output
    }

    private func recordKind(of task: ChunkTask) throws(PoolmapError) -> RecordKind {
        guard let kind = task.cut else { throw PoolmapError(.failed, "the task does not say what a record is") }
        if let lastCut, lastCut.kind == kind { return lastCut.records }
        guard case .records(let records, _) = try kind.chunkCut(recordCount: nil) else {
            throw PoolmapError(.failed, "the cut has no records")
        }
        lastCut = (kind, records)
        return records
    }
}

/// The file of a task, which must not have changed since it was opened.
private struct OpenFile: ByteSource {
    let descriptor: FileDescriptor
    let status: FileStatus

    var byteCount: UInt64 { status.byteCount }

    func readAll(into space: UnsafeMutableRawBufferPointer, at place: UInt64) throws(PoolmapError) {
        try descriptor.readAll(into: space, at: place)
    }

    /// Throws if the file has changed; otherwise, everything read before is valid.
    func requireUnchanged() throws(PoolmapError) {
        let now = try attempt("cannot check the file") { () throws(Errno) in try FileStatus(of: descriptor) }
        guard !now.hasChanged(since: status) else {
            throw PoolmapError(.changed, "changed since it was opened")
        }
    }
}
