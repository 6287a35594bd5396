/// What tasks ask of the thread of a `ChunkServer`; a map is known by its key.
enum ChunkPost<Output: Sendable>: Sendable {
    /// The next output of a map, which begins with its first wish; nil behind the last.
    case wish(UInt64, ChunkedFile, inFlight: Int?, @Sendable (Result<Output?, ChunkedMapError>) -> Void)
    case cancel(UInt64)
    /// Nobody will wish for anything of it.
    case forget(UInt64)
    /// End all, and tell when that is done.
    case stop(@Sendable () -> Void)
}
