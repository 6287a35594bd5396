/// What tasks ask of the thread of a `ChunkServer`; each map has a key.
enum ChunkPost<Output: Sendable>: Sendable {
    /// Asks for the next output of a map; nil after the last. The first request starts the map.
    case request(UInt64, ChunkedFile, inFlight: Int?, @Sendable (Result<Output?, ChunkedMapError>) -> Void)
    case cancel(UInt64)
    /// No more requests for this map will follow.
    case forget(UInt64)
    /// End everything, and call back when that is done.
    case stop(@Sendable () -> Void)
}
