import Digests
import Files
import Glibc
import Ground
import Run

/// Checks a line of a list in a worker: opens the file and compares its digest.
///
/// Anything less simple is left to the front.
final class CheckOperation: BundleOperation {
    private let syntax: ChecksumSyntax
    private let places: RunPlaces?
    private let mostBytes: UInt64
    private let verdict: (String) -> [UInt8]
    private let kinds = DigestKinds()
    private var space = Scratch()
    private let folders = FolderCache()

    /// - Parameters:
    ///   - mostBytes: larger files are shared by several workers.
    ///   - verdict: the text printed for a file with the right digest.
    init(
        _ syntax: ChecksumSyntax, _ places: RunPlaces?, mostBytes: UInt64, _ verdict: @escaping (String) -> [UInt8]
    ) {
        self.syntax = syntax
        self.places = places
        self.mostBytes = mostBytes
        self.verdict = verdict
    }

    func byteCount(of name: UnsafeRawBufferPointer) -> UInt64 {
        var parser = ChecksumParser(syntax)
        guard case .line(let line) = parser.read(Array(name)[...]) else { return 0 }
        return FileStatus(ofPath: line.name)?.byteCount ?? 0
    }

    func perform(
        _ name: UnsafeRawBufferPointer, _ index: Int, of bundle: NameBundle, _ note: CommitNote?,
        _ files: any WholeFilePerformer,
        into outcome: inout BundleOutcome
    ) {
        var parser = ChecksumParser(syntax, hasOneBlank: bundle.origin.hasOneBlank)
        switch parser.read(Array(name)[...]) {
        case .ignored: return
        case .malformed: return outcome.add(.isMalformed, index)
        case .line(let line):
            do throws(PoolmapError) {
                guard let byteCount = try check(line) else { return outcome.add(.isForFront, index) }
                outcome.inputBytes += byteCount
                outcome.text.count += 1
                outcome.text.output += verdict(line.name)
            } catch {
                outcome.add(error, index)
            }
        }
    }

    /// The size of a file that matches its line; nil for a line left to the front.
    private func check(_ line: ChecksumLine) throws(PoolmapError) -> UInt64? {
        if line.name == "-" || line.hasMore { return nil }
        // The front records inputs that an option would overwrite.
        guard (try? places?.require(input: line.name)) != nil || places == nil else { return nil }
        // The other end of a named pipe would notice its being opened and closed.
        guard let status = FileStatus(freshOfPath: line.name), status.isRegular, status.byteCount <= mostBytes else {
            return nil
        }
        let place = Place(path: line.name)
        if let content = try folders.content(of: place, as: status, into: &space) { return try check(content, line) }
        let input = try InputFile.open(place, folders)
        guard input.status.isRegular, input.byteCount <= mostBytes else { return nil }
        let content = try input.readWhole(into: &space, atMost: Int(mostBytes))
        try input.requireUnchanged()
        return try check(content, line)
    }

    /// The size of the content, if it has the digest.
    private func check(_ content: UnsafeRawBufferPointer, _ line: ChecksumLine) throws(PoolmapError) -> UInt64 {
        // If the digest may be of two kinds, try the one that matched last first.
        let first = line.candidates.count > 1 && line.candidates.contains(kinds.last) ? kinds.last : line.candidates[0]
        if try has(content, line.digest, first) { return UInt64(content.count) }
        for algorithm in line.candidates where algorithm != first {
            if try has(content, line.digest, algorithm) {
                kinds.last = algorithm
                return UInt64(content.count)
            }
        }
        throw .mismatch
    }

    private func has(
        _ content: UnsafeRawBufferPointer, _ wanted: String, _ algorithm: HashAlgorithm
    ) throws(PoolmapError) -> Bool {
        try algorithm.requireParts(of: UInt64(content.count))
        return try digest(algorithm, of: content) == wanted
    }
}
