/// Small files that go to one worker together, since a task for each would cost as much as its work.
///
/// A bundle takes about 12 ms, judged by how long the last files took: small enough to keep all workers busy to the end
/// of a run, and large enough that the third of a millisecond for which a worker waits for the next one matters little.
/// With 4 ms that wait was a tenth of the time.
struct FileBundle {
    static let mostFiles = 64
    private static let wantedNanoseconds: UInt64 = 12_000_000

    private var files: [FileWork] = []
    private var tasks: [UInt64] = []
    private var cost: UInt64 = 0
    /// The time for a byte, in 1/1024 of a nanosecond; nil until the first file, which goes alone, is done.
    private var costOfByte: UInt64?
    /// The fixed cost of a file, as a number of bytes.
    private static let bytesOfFile: UInt64 = 8 << 10

    var isEmpty: Bool { files.isEmpty }
    var isFull: Bool {
        files.count == FileBundle.mostFiles || cost >= FileBundle.wantedNanoseconds || costOfByte == nil
    }

    package mutating func add(_ more: [FileWork], _ task: UInt64) {
        files += more
        tasks.append(task)
        cost += FileBundle.bytes(of: more) * (costOfByte ?? 0) >> 10
    }

    mutating func take() -> ([FileWork], [UInt64]) {
        defer {
            files = []
            tasks = []
            cost = 0
        }
        return (files, tasks)
    }

    /// Learns how long these files took.
    mutating func learn(_ files: [FileWork], _ nanoseconds: UInt64) {
        let latest = (nanoseconds << 10) / max(FileBundle.bytes(of: files), 1)
        let limited = max(1, min(latest, 1 << 30))
        costOfByte = costOfByte.map { (3 * $0 + limited) / 4 } ?? limited
    }

    private static func bytes(of files: [FileWork]) -> UInt64 {
        files.reduce(0) { $0 + $1.byteCount + bytesOfFile }
    }
}
