// Counts the k-mers of a FASTA file: how often each word of 8 bases occurs in its sequences.
//
//     swift run CountKmers FILE [CHUNK-BYTES]

import ChunkedMap

let length = 8
let bases = Array("ACGT".utf8)

/// Counts by the k-mer's number, in which each base is two bits.
func countKmers(_ chunk: borrowing Chunk) -> [Int] {
    var counts = [Int](repeating: 0, count: 1 << (2 * length))
    var (kmer, known) = (0, 0)
    chunk.forEachLine { line in
        line.withUnsafeBytes { line in
            // A sequence continues across line ends, and ends at the name of the next one.
            if line.first == UInt8(ascii: ">") {
                known = 0
                return
            }
            for byte in line where byte != UInt8(ascii: "\r") {
                // Other letters, such as N, are in no k-mer.
                guard let base = bases.firstIndex(of: byte & 0xDF) else {
                    known = 0
                    continue
                }
                kmer = (kmer << 2 | base) & (counts.count - 1)
                known += 1
                counts[kmer] += known >= length ? 1 : 0
            }
        }
    }
    return counts
}

let arguments = CommandLine.arguments
guard arguments.count > 1 else { fatalError("usage: CountKmers FILE [CHUNK-BYTES]") }
let chunkBytes = arguments.count > 2 ? Int(arguments[2]) ?? 0 : 8 << 20

// Chunks begin where sequences do, so no k-mer spans two chunks.
let file = try ChunkedFile(arguments[1], cut: .recordStart("^>"), chunkBytes: chunkBytes)
let none = [Int](repeating: 0, count: 1 << (2 * length))
let counts = try file.reduce(into: none, countKmers) { sum, counts in
    for kmer in counts.indices {
        sum[kmer] += counts[kmer]
    }
}
for (kmer, count) in counts.enumerated() where count > 0 {
    let letters = (0..<length).map { bases[kmer >> (2 * (length - 1 - $0)) & 3] }
    print(String(decoding: letters, as: UTF8.self), count)
}
