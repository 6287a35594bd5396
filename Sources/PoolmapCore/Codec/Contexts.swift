/// The contexts of libzstd that a process uses, one task after the other.
///
/// They are made when they are first needed. Where there is a dictionary that is before the pool is made, so that all
/// workers share what libzstd has made of it.
final class Contexts {
    private var compressor: Compressor?
    private var decompressor: Decompressor?

    /// Makes what workers are to have from their birth.
    func prepare(for settings: RunSettings) throws(PoolmapError) {
        if settings.compression.dictionary != nil {
            try withCompressor(settings.compression) { _ in }
        } else if settings.dictionary != nil {
            try withDecompressor(settings) { _ in }
        }
    }

    func withCompressor<Result>(
        _ options: CompressionOptions, _ body: (inout Compressor) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        if compressor == nil {
            compressor = try Compressor(options)
        }
        return try lend(&compressor, body)
    }

    func withDecompressor<Result>(
        _ settings: RunSettings, _ body: (inout Decompressor) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        if decompressor == nil {
            decompressor = try Decompressor(settings.windowLimit, dictionary: settings.dictionary)
        }
        return try lend(&decompressor, body)
    }

    private func lend<Context: ~Copyable, Result>(
        _ context: inout Context?, _ body: (inout Context) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        guard var lent = context.take() else {
            throw PoolmapError(.failed, "there is no context of libzstd")
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
