import Digests
import Files
import Ground
import SystemPackage

/// What is done of the digests of a file, kept on disk so that a run that was ended in whatever way can be gone on with.
///
/// The layout is in docs/resume.md: a header that says which file and which digests, and a record for each piece, in
/// order, written when the front has joined it. A worker or the front may be killed at any moment: then the last record
/// is cut at most, which its checksum tells.
package final class HashState {
    /// The state file.
    package let path: String
    private let force: Bool
    private var file: JournalFile?
    private var byteCount: UInt64 = 0
    /// That of the last record, or of the header.
    private var checksum: UInt32 = 0

    /// The length of the header.
    private static let headerBytes = 80
    private static let identifier = Array("poolmapH".utf8)
    private static let version: UInt8 = 1
    /// A record is longer only if it is none.
    private static let mostRecordBytes = 64 << 20

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
    ///   - keep: called with what is known of each piece that is kept, in order.
    /// - Returns: why not all that an earlier run has left is kept; nil if it is, or there was nothing.
    func open(
        for input: InputFile, _ algorithms: [HashAlgorithm], pieceBytes: UInt64,
        keep: ([[UInt8]]) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> String? {
        let file = try openFile(for: input)
        self.file = file
        let header = HashState.header(input.status, algorithms, pieceBytes: pieceBytes)
        let found = try file.read(HashState.headerBytes, at: 0)
        let isForeign = !found.starts(with: HashState.identifier.prefix(found.count))
        guard !isForeign || force else {
            self.file = nil
            throw PoolmapError(.failed, "\(path) is no state of poolmap hash; remove it, or use -f to overwrite it")
        }
        byteCount = UInt64(header.count)
        checksum = header.withUnsafeBytes { $0.trailingChecksum }
        var loss: String?
        if found == header {
            try readRecords(algorithms.count, keep)
        } else {
            loss = isForeign ? nil : HashState.difference(header, from: found)
            try file.truncate(to: 0)
            try file.write(header, at: 0)
        }
        // A record that is cut, or of another run.
        try file.truncate(to: byteCount)
        return loss
    }

    private func openFile(for input: InputFile) throws(PoolmapError) -> JournalFile {
        let folder = try attempt("cannot write \(path)") { () throws(Errno) in try Folder(path: folderOf(path)) }
        while true {
            if let file = try JournalFile.open(path, in: folder, for: input) { return file }
            if let file = try JournalFile.create(path, in: folder, for: input) { return file }
        }
    }

    private static func header(_ input: FileStatus, _ algorithms: [HashAlgorithm], pieceBytes: UInt64) -> [UInt8] {
        var bytes = identifier
        bytes += [version, 0, 0, 0]
        bytes.append(littleEndian: UInt32(input.modified.tv_nsec))
        bytes.append(littleEndian: Int64(input.modified.tv_sec))
        bytes.append(littleEndian: Int64(input.changed.tv_sec))
        bytes.append(littleEndian: UInt32(input.changed.tv_nsec))
        bytes.append(littleEndian: UInt32(algorithms.count))
        bytes.append(littleEndian: input.byteCount)
        bytes.append(littleEndian: pieceBytes)
        bytes += identity(of: algorithms)
        bytes += [UInt8](repeating: 0, count: headerBytes - 4 - bytes.count)
        bytes.appendCRC32C()
        return bytes
    }

    /// The first half of the SHA-256 of what the digests depend on: a key must not be written anywhere.
    private static func identity(of algorithms: [HashAlgorithm]) -> ArraySlice<UInt8> {
        var function = SHA256Hasher()
        for algorithm in algorithms {
            Array("\(algorithm.identity)\n".utf8).withBytes { function.update($0) }
        }
        return function.finish().prefix(16)
    }

    /// Why records behind the header `found` cannot be kept, for the user; nil where there was nothing to keep.
    private static func difference(_ header: [UInt8], from found: [UInt8]) -> String? {
        func differs(_ range: Range<Int>) -> Bool { header[range] != found[range] }
        guard found.count == headerBytes else { return found.isEmpty ? nil : "hashes again: the state is damaged" }
        let isWhole = found.withUnsafeBytes {
            CRC32C.checksum(of: $0.bytes(in: 0..<headerBytes - 4)) == $0.trailingChecksum
        }
        guard isWhole else { return "hashes again: the state is damaged" }
        if differs(8..<9) { return "hashes again: the state is of another version of poolmap" }
        if differs(40..<48) { return "hashes again: the size of the input is another" }
        if differs(12..<36) { return "hashes again: the input has changed" }
        return "hashes again: the state is of other digests"
    }

    // MARK: Records

    private func readRecords(_ count: Int, _ keep: ([[UInt8]]) throws(PoolmapError) -> Void) throws(PoolmapError) {
        guard let file else { return }
        while true {
            let lengthBytes = try file.read(4, at: byteCount)
            guard lengthBytes.count == 4 else { return }
            let length = Int(lengthBytes.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) })
            guard length <= HashState.mostRecordBytes else { return }
            let record = try file.read(4 + length + 4, at: byteCount)
            guard record.count == 4 + length + 4 else { return }
            let expected = record.withUnsafeBytes {
                CRC32C.checksum(of: $0.bytes(in: 0..<4 + length), continuing: checksum)
            }
            guard record.withUnsafeBytes({ $0.trailingChecksum }) == expected,
                let piece = HashState.piece(record[4..<4 + length]), piece.count == count
            else { return }
            try keep(piece)
            checksum = expected
            byteCount += UInt64(record.count)
        }
    }

    /// Notes a piece; they come in order.
    func append(_ piece: [[UInt8]]) throws(PoolmapError) {
        guard let file else { return }
        var content: [UInt8] = []
        for one in piece {
            content.append(littleEndian: UInt32(one.count))
            content += one
        }
        var record: [UInt8] = []
        record.append(littleEndian: UInt32(content.count))
        record += content
        checksum = record.withUnsafeBytes { CRC32C.checksum(of: $0, continuing: checksum) }
        record.append(littleEndian: checksum)
        try file.write(record, at: byteCount)
        byteCount += UInt64(record.count)
    }

    private static func piece(_ content: ArraySlice<UInt8>) -> [[UInt8]]? {
        var piece: [[UInt8]] = []
        var rest = content
        while rest.count >= 4 {
            let count = Int(Array(rest.prefix(4)).withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) })
            rest = rest.dropFirst(4)
            guard rest.count >= count else { return nil }
            piece.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return rest.isEmpty ? piece : nil
    }

    /// Takes the state away: the digests are where they belong, or it is of no use to anyone.
    package func remove() {
        file?.remove()
        file = nil
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
