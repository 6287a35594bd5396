import Multiprocessing

/// The thread that has the pool of an `AsyncChunkPool`: it takes in what comes from the workers, and answers tasks.
///
///     a task                       the server's thread                    the pool
///     post(.wish)  ──mailbox──>    a map is begun, its chunks handed out  ──>
///     suspended                    waits for the pool and the mailbox     <──  an output
///     resumed      <───────────    the wish is answered
///
/// Nobody else touches the pool once the thread runs.
final class ChunkServer<Output: Codable & Sendable>: Sendable {
    private let thread: ServerThread<ChunkPost<Output>>

    init(_ pool: sending ChunkPool<Output>) throws(ChunkedMapError) {
        // The thread's alone from now on.
        nonisolated(unsafe) let engine = pool.engine
        do {
            thread = try ServerThread { $0.serve(ServedMaps(engine)) }
        } catch {
            throw ChunkedMapError(error)
        }
    }

    func freshKey() -> UInt64 { thread.freshKey() }

    /// Asks something of the thread, which begins for it if it has not.
    ///
    /// Does not block.
    func post(_ post: ChunkPost<Output>) {
        let begins = if case .forget = post { false } else { true }
        do {
            try thread.post(post, begins: begins)
        } catch {
            switch post {
            case .wish(_, _, _, let answer):
                answer(.failure(error.code == .cancelled ? .poolTerminated : ChunkedMapError(error)))
            case .stop(let hasEnded): hasEnded()
            case .cancel, .forget: break
            }
        }
    }
}
