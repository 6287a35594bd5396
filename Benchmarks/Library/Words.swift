import ChunkedMap
@preconcurrency import Glibc

/// The ways to count the words of a file.
let wordCounts: [String: @Sendable (String) throws -> Int] = [
    "words": wordsByWorkers, "words-alone": wordsAlone, "words-mapped": wordsOfMapping,
]

/// The loop that all of them use: counts words, as `wc -w` does, across consecutive pieces.
private struct WordCounter {
    private(set) var count = 0
    private var isBehindSpace = true

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
            count += isBehindSpace && !isSpace ? 1 : 0
            isBehindSpace = isSpace
        }
    }
}

private func wordsByWorkers(_ path: String) throws -> Int {
    let file = try ChunkedFile(path, cut: .lines)
    let count = { (chunk: borrowing Chunk) in
        var words = WordCounter()
        chunk.bytes.withUnsafeBytes { words.add($0) }
        return words.count
    }
    return try file.reduce(into: 0, processes: 2, count) { $0 += $1 }
}

/// Reads pieces of the size of chunks.
private func wordsAlone(_ path: String) throws -> Int {
    let file = open(path, O_RDONLY)
    precondition(file >= 0, "cannot open \(path)")
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 8 << 20, alignment: 64)
    var words = WordCounter()
    while case let count = read(file, space.baseAddress, space.count), count > 0 {
        words.add(UnsafeRawBufferPointer(rebasing: space[..<count]))
    }
    return words.count
}

private func wordsOfMapping(_ path: String) throws -> Int {
    let file = open(path, O_RDONLY)
    let byteCount = Int(lseek(file, 0, SEEK_END))
    guard file >= 0, byteCount > 0, let base = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, file, 0), base != MAP_FAILED
    else { fatalError("cannot map \(path)") }
    var words = WordCounter()
    words.add(UnsafeRawBufferPointer(start: base, count: byteCount))
    return words.count
}
