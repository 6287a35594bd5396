import Ground

/// The libzstd contexts of a process, used for one task after the other.
///
/// They are created on first use. With a dictionary that is before the pool is forked (`Operation.prepare`), so that
/// all workers share the tables made from it.
final class Contexts {
    private var compressor: Compressor?
    private var decompressor: Decompressor?

    func withCompressor<Result>(
        _ options: CompressionOptions, _ body: (inout Compressor) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        if compressor == nil {
            compressor = try Compressor(options)
        }
        return try lend(&compressor, body)
    }

    func withDecompressor<Result>(
        _ limit: WindowLimit, _ dictionary: ZstdDictionary?,
        _ body: (inout Decompressor) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        if decompressor == nil {
            decompressor = try Decompressor(limit, dictionary: dictionary)
        }
        return try lend(&decompressor, body)
    }

    private func lend<Context: ~Copyable, Result>(
        _ context: inout Context?, _ body: (inout Context) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        guard var lent = context.take() else {
            throw PoolmapError(.failed, "internal error: libzstd context in use")
        }
        do throws(PoolmapError) {
            let result = try body(&lent)
            context = consume lent
            return result
        } catch {
            context = consume lent
            throw error
        }
    }
}
