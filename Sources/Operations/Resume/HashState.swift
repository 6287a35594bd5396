import Digests
import Files
import Ground
import SystemPackage

/// What is done of the digests of a file, in a file of its own, so that another run can go on with it.
package final class HashState {
    /// The state file.
    package let path: String
    private let force: Bool
    private var journal: RecordJournal?

    private static let kind = RecordJournal.Kind(
        identifier: Array("poolmapH".utf8), noun: "state of poolmap hash", again: "hashes again", settings: "digests")

    /// - Parameters:
    ///   - path: the state file, which is made where there is none.
    ///   - force: whether a file of that name that is no state is overwritten.
    package init(path: String, force: Bool) {
        self.path = path
        self.force = force
    }

    /// Opens the state of an input, or begins one.
    ///
    /// - Parameters:
    ///   - pieceBytes: the size of the pieces.
    ///   - part: the part of the input that is hashed; nil for all.
    ///   - keep: called with what is known of each piece that is kept, in order.
    /// - Returns: why not all that an earlier run has left is kept; nil if it is, or there was nothing.
    func open(
        for input: InputFile, _ algorithms: [HashAlgorithm], pieceBytes: UInt64, _ part: Part?,
        keep: ([[UInt8]]) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> String? {
        let journal = RecordJournal(try openFile(for: input), HashState.kind)
        let identity = RecordJournal.Identity(
            input.status, pieceBytes: pieceBytes, fieldCount: algorithms.count,
            settings: algorithms.map(\.identity) + (part.map { [$0.suffix] } ?? []))
        let loss = try journal.open(identity, force: force, keep: keep)
        self.journal = journal
        return loss
    }

    private func openFile(for input: InputFile) throws(PoolmapError) -> JournalFile {
        let folder = try attempt("cannot write \(path)") { () throws(Errno) in try Folder(path: folderOf(path)) }
        while true {
            if let file = try JournalFile.open(path, in: folder, for: input) { return file }
            if let file = try JournalFile.create(path, in: folder, for: input) { return file }
        }
    }

    /// Notes a piece; they come in order.
    func append(_ piece: [[UInt8]]) throws(PoolmapError) {
        try journal?.append(piece)
    }

    /// Takes the state away: the digests are where they belong, or it is of no use to anyone.
    package func remove() {
        journal?.file.remove()
        journal = nil
    }
}

extension HashAlgorithm {
    /// All that the digest depends on beside the content, for comparison.
    fileprivate var identity: String {
        guard case .blake3(let purpose, let digestBytes) = self else { return tag }
        switch purpose {
        case .hash: return "\(tag) \(digestBytes)"
        case .keyed(let key): return "\(tag) \(digestBytes) keyed \(hexadecimal(key))"
        case .deriveKey(let context): return "\(tag) \(digestBytes) derive \(FileName.bytes(of: context))"
        }
    }
}
