import Ground
import Multiprocessing
import Run

/// The result of a command that was run over a chunk, or that joined outputs.
struct CommandOutcome: Message {
    /// The index of the chunk.
    let index: Int
    let offset: UInt64
    let chunkBytes: UInt64
    /// Whether the command joined outputs.
    let isReduction: Bool
    var end = CommandRun.End.cancelled
    /// Why it could not be run, or its output not be taken.
    var error: PoolmapError?
    /// How often it was run.
    var attempts = 0
    var output = SlotStream.Part()
    var errors = SlotStream.Part()
    /// The CRC-32C of the output, if a part of an input is mapped.
    var checksum: UInt32 = 0
    /// For a compressed output: its header lines, which are not in the frames, and the frames.
    var header: [UInt8] = []
    var frames: [CompressedFrame] = []
    var time: WorkTime

    init(_ chunk: CommandTemplate.Chunk, isReduction: Bool) {
        self.isReduction = isReduction
        (index, offset, chunkBytes) = (Int(chunk.index), chunk.offset, chunk.byteCount)
        time = WorkTime(since: monotonicNanoseconds())
    }

    init(from message: inout MessageReader) throws(PoolmapError) {
        (index, offset, chunkBytes) = (try message.next(), try message.next(), try message.next())
        (isReduction, end, attempts) = (try message.next(), try message.next(), try message.next())
        (output, errors, time) = (try message.next(), try message.next(), try message.next())
        checksum = try message.next()
        (header, frames) = (try message.nextArray(), try message.nextArray())
        error = try message.nextOptional()
    }

    func write(to message: inout MessageWriter) {
        message.add(index)
        message.add(offset)
        message.add(chunkBytes)
        message.add(isReduction)
        message.add(end)
        message.add(attempts)
        message.add(output)
        message.add(errors)
        message.add(time)
        message.add(checksum)
        message.add(each: header)
        message.add(each: frames)
        message.add(optional: error)
    }

    var piece: Piece {
        isReduction
            ? CommandOutcome.reductionPiece(UInt64(index))
            : Piece(noun: "chunk", index: index, offset: offset, byteCount: chunkBytes)
    }

    static func isReduction(_ piece: Piece) -> Bool { piece.noun == "reduction" }

    static func reductionPiece(_ index: UInt64) -> Piece {
        Piece(noun: "reduction", index: Int(index), offset: 0, byteCount: 0)
    }

    /// Whether the run no longer needed it.
    var isCancelled: Bool {
        if case .cancelled = end { return error == nil }
        return false
    }

    /// Why there is no output; nil if there is.
    ///
    /// - Parameter command: the command's name, for the message.
    func failure(of command: String?) -> PoolmapError? {
        if let error { return error }
        let name = command ?? "the command"
        let times = attempts > 1 ? ", tried \(attempts) times" : ""
        switch end {
        case .ended(0): return nil
        case .cancelled: return PoolmapError(.failed, "\(name) was ended, because another chunk failed")
        case .timedOut: return PoolmapError(.failed, "\(name) took longer than --timeout allows\(times)")
        case .ended(let status):
            let number = status & 0x7f
            let exit = number == 0 ? ExitStatus.exited(status >> 8 & 0xff) : .signaled(number)
            return PoolmapError(.failed, "\(name) \(exit)\(times)")
        }
    }
}
