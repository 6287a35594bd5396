import Chunks
import Ground
import Multiprocessing

/// Which bytes of its file a chunk is.
struct ChunkPlace: BitwiseCopyable, Sendable {
    let index: Int
    let offset: UInt64
    let byteCount: UInt64
}

/// What a worker is to do with a file: look for borders, or run the function over a chunk.
struct ChunkTask: Codable {
    enum Work: BitwiseCopyable {
        case look(from: UInt64, to: UInt64, BorderRule, BorderQuestion)
        case chunk(ChunkPlace)
    }

    struct Facts: BitwiseCopyable {
        let status: FileStatus
        let work: Work
    }

    let file: SharedDescriptor
    let facts: Bitwise<Facts>
    /// Of a look: what ends a record.
    let cut: Cut.Kind?
}

/// What becomes of a task.
enum ChunkAnswer<Output: Codable>: Codable {
    case borders(StretchBorders)
    case output(Output)
    /// The file could not be read as it was.
    case failure(PoolmapError)

    private enum Tag: UInt8, Codable {
        case borders, output, failure
    }

    // Not what the compiler would make, which has keys, and knows no short way for arrays of bytes within.
    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        switch try container.decode(Tag.self) {
        case .borders: self = .borders(try container.decode(StretchBorders.self))
        case .output: self = .output(try container.decode(Output.self))
        case .failure: self = .failure(try container.decode(PoolmapError.self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        switch self {
        case .borders(let found):
            try container.encode(Tag.borders)
            try container.encode(found)
        case .output(let output):
            try container.encode(Tag.output)
            try container.encode(output)
        case .failure(let error):
            try container.encode(Tag.failure)
            try container.encode(error)
        }
    }
}
