/// One map of an `AsyncChunkPool`, as seen by the iterating task.
///
/// It does not hold the map itself, which only the server's thread uses.
final class ServedMap<Output: Codable & Sendable>: Sendable {
    private let server: ChunkServer<Output>
    private let key: UInt64
    private let file: ChunkedFile
    private let inFlight: Int?

    init(_ server: ChunkServer<Output>, _ file: ChunkedFile, inFlight: Int?) {
        (self.server, self.file, self.inFlight) = (server, file, inFlight)
        key = server.freshKey()
    }

    deinit {
        server.post(.forget(key))
    }

    func next(isolation: isolated (any Actor)?) async throws(ChunkedMapError) -> Output? {
        // After `onCancel` a request is refused and a waiting one is answered, whichever comes first.
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                server.post(.request(key, file, inFlight: inFlight) { continuation.resume(returning: $0) })
            }
        } onCancel: {
            server.post(.cancel(key))
        }
        return try answer.get()
    }
}
