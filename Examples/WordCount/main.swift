// Counts the words of a text, as `wc -w` does, on all cores.
//
//     swift run WordCount FILE [CHUNK-BYTES]

import ChunkedMap

func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
}

/// The number of words that begin in these bytes, which must not start within a word.
func countWords(_ bytes: RawSpan) -> Int {
    bytes.withUnsafeBytes { bytes in
        var (count, isBehindSpace) = (0, true)
        for byte in bytes {
            let isHere = isSpace(byte)
            count += isBehindSpace && !isHere ? 1 : 0
            isBehindSpace = isHere
        }
        return count
    }
}

let arguments = CommandLine.arguments
guard arguments.count > 1 else { fatalError("usage: WordCount FILE [CHUNK-BYTES]") }
let chunkBytes = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 8 << 20

// Chunks end at line ends, so no word spans two chunks.
let file = try ChunkedFile(arguments[1], cut: .lines, chunkBytes: chunkBytes)
print(try file.reduce(into: 0, { chunk in countWords(chunk.bytes) }, { $0 += $1 }))
