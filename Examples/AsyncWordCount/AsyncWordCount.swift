// Counts the words of several texts at once, in a program with tasks; the texts share one pool of workers.
//
//     swift run AsyncWordCount FILE…

import ChunkedMap

/// What the workers run.
///
/// It has a named type, because the workers are not forks of this program, which has threads.
struct CountWords: ChunkFunction {
    func callAsFunction(_ chunk: borrowing Chunk) -> Int {
        chunk.bytes.withUnsafeBytes { bytes in
            bytes.split { $0 == 0x20 || (0x09...0x0D).contains($0) }.count
        }
    }
}

@main
struct AsyncWordCount {
    static func main() async throws {
        let pool = try AsyncChunkPool(startMethod: .spawn, CountWords())
        let counts = try await withThrowingTaskGroup { group in
            for path in CommandLine.arguments.dropFirst() {
                group.addTask {
                    let file = try ChunkedFile(path, cut: .lines, chunkBytes: 1 << 16)
                    return (path, try await pool.reduce(file, 0, +))
                }
            }
            var counts: [String: Int] = [:]
            for try await (path, count) in group {
                counts[path] = count
            }
            return counts
        }
        for (path, count) in counts.sorted(by: { $0.key < $1.key }) {
            print(count, path)
        }
        await pool.terminate()
    }
}
