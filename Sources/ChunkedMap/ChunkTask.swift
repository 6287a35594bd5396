import Chunks
import Ground
import Multiprocessing

/// The number and byte range of a chunk in its file.
struct ChunkPlace: BitwiseCopyable, Sendable {
    let index: Int
    let offset: UInt64
    let byteCount: UInt64
}

/// A worker's task: look for borders, or run the function over a chunk.
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
    /// For a look: what ends a record.
    let cut: Cut.Kind?
}

/// The answer to a task.
enum ChunkAnswer<Output: Codable>: Codable {
    case borders(StretchBorders)
    case output(Output)
    /// The file could not be read unchanged.
    case failure(PoolmapError)

    private enum Tag: UInt8, Codable {
        case borders, output, failure
    }

    // The synthesized version would have keys, and no fast path for arrays of bytes.
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
