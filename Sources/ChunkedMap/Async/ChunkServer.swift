import Multiprocessing

/// The thread that owns the pool of an `AsyncChunkPool`: it receives what the workers send, and answers tasks.
///
///     a task                       the server's thread                    the pool
///     post(.request) ──mailbox──>  a map starts, chunks are submitted     ──>
///     suspended                    waits for the pool and the mailbox     <──  an output
///     resumed      <───────────    the request is answered
///
/// Once the thread runs, only the thread uses the pool.
final class ChunkServer<Output: Codable & Sendable>: Sendable {
    private let thread: ServerThread<ChunkPost<Output>>

    init(_ pool: sending ChunkPool<Output>) throws(ChunkedMapError) {
        // From here on only the thread uses it.
        nonisolated(unsafe) let engine = pool.engine
        do {
            thread = try ServerThread { $0.serve(ServedMaps(engine)) }
        } catch {
            throw ChunkedMapError(error)
        }
    }

    func freshKey() -> UInt64 { thread.freshKey() }

    /// Sends a request to the thread, and starts the thread if necessary.
    ///
    /// Does not block.
    func post(_ post: ChunkPost<Output>) {
        let begins = if case .forget = post { false } else { true }
        do {
            try thread.post(post, begins: begins)
        } catch {
            switch post {
            case .request(_, _, _, let answer):
                answer(.failure(error.code == .cancelled ? .poolTerminated : ChunkedMapError(error)))
            case .stop(let hasEnded): hasEnded()
            case .cancel, .forget: break
            }
        }
    }
}
