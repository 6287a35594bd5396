import Digests
import Files
import Ground
import SystemPackage

/// The state of hashing a file, kept in a file of its own so that another run can continue.
package final class HashState {
    /// The state file.
    package let path: String
    private let force: Bool
    private var journal: RecordJournal?

    private static let kind = RecordJournal.Kind(
        identifier: Array("poolmapH".utf8), noun: "state of poolmap hash", again: "hashing again", settings: "digests")

    /// - Parameters:
    ///   - path: the state file, created if it does not exist.
    ///   - force: whether to overwrite a file of that name that is not a state.
    package init(path: String, force: Bool) {
        self.path = path
        self.force = force
    }

    /// Opens the state of an input, or creates it.
    ///
    /// - Parameters:
    ///   - pieceBytes: the size of the pieces.
    ///   - part: the part of the input to hash; nil for all.
    ///   - keep: called with the fields of each piece that is kept, in order.
    /// - Returns: why less is kept than an earlier run left; nil if everything is, or there was nothing.
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

    /// Records a piece; call it in order.
    func append(_ piece: [[UInt8]]) throws(PoolmapError) {
        try journal?.append(piece)
    }

    /// Removes the state, once the digests are printed or it is useless.
    package func remove() {
        journal?.file.remove()
        journal = nil
    }
}

extension HashAlgorithm {
    /// All parameters of the digest, for comparison.
    fileprivate var identity: String {
        guard case .blake3(let purpose, let digestBytes) = self else { return tag }
        switch purpose {
        case .hash: return "\(tag) \(digestBytes)"
        case .keyed(let key): return "\(tag) \(digestBytes) keyed \(hexadecimal(key))"
        case .deriveKey(let context): return "\(tag) \(digestBytes) derive \(FileName.bytes(of: context))"
        }
    }
}
