// Prints those lines of a file with one JSON object per line that report a server error, with a "status" of 500 or
// more.
//
//     swift run FilterJSONLines FILE [CHUNK-BYTES]

import ChunkedMap
import FoundationEssentials
import SystemPackage

struct Event: Decodable {
    let status: Int
}

func serverErrors(_ chunk: borrowing Chunk) throws -> [UInt8] {
    let decoder = JSONDecoder()
    var kept: [UInt8] = []
    try chunk.forEachLine { line in
        try line.withUnsafeBytes { line in
            guard try decoder.decode(Event.self, from: Data(line)).status >= 500 else { return }
            kept += line
            kept.append(UInt8(ascii: "\n"))
        }
    }
    return kept
}

let arguments = CommandLine.arguments
guard arguments.count > 1 else { fatalError("usage: FilterJSONLines FILE [CHUNK-BYTES]") }
let chunkBytes = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 8 << 20

let file = try ChunkedFile(arguments[1], cut: .lines, chunkBytes: chunkBytes)
let pool = try ChunkPool(serverErrors)
// Each chunk's lines arrive as soon as they and all earlier ones are there; only a few chunks are in memory.
let results = try pool.imap(file)
while let kept = try results.next() {
    try FileDescriptor.standardOutput.writeAll(kept)
}
