import Digests
import Files
import Ground

/// What is done of an input, kept on disk so that a run that was ended in whatever way can be gone on with.
///
/// The layout is in docs/resume.md: a header that says which file and which settings, and a record for each piece, in
/// order, written when the front has joined it. A worker or the front may be killed at any moment: then the last record
/// is cut at most, which its checksum tells.
final class RecordJournal {
    /// What a journal is of.
    struct Kind {
        /// Its first eight bytes.
        let identifier: [UInt8]
        /// For messages: what it is, and what is done where nothing of it can be kept.
        let noun: String
        let again: String
        /// What the pieces depend on beside the input, for the user.
        let settings: String
    }

    /// Which input and which settings.
    struct Identity {
        let input: FileStatus
        let pieceBytes: UInt64
        /// How many fields a record has.
        let fieldCount: Int
        /// The settings, 16 bytes of their SHA-256: a key must not be written anywhere.
        let settings: ArraySlice<UInt8>

        /// - Parameter settings: all of them as text, a line each.
        init(_ input: FileStatus, pieceBytes: UInt64, fieldCount: Int, settings: [String]) {
            (self.input, self.pieceBytes, self.fieldCount) = (input, pieceBytes, fieldCount)
            var function = SHA256Hasher()
            for line in settings {
                Array("\(line)\n".utf8).withBytes { function.update($0) }
            }
            self.settings = function.finish().prefix(16)
        }
    }

    let file: JournalFile
    private let kind: Kind
    /// Behind the header, and behind each record: the length of the file, and the checksum.
    private var ends: [(byteCount: UInt64, checksum: UInt32)] = []

    /// The length of the header.
    static let headerBytes = 80
    private static let version: UInt8 = 1
    /// A record is longer only if it is none.
    private static let mostRecordBytes = 64 << 20

    init(_ file: JournalFile, _ kind: Kind) {
        (self.file, self.kind) = (file, kind)
    }

    /// Reads what an earlier run has left, or begins.
    ///
    /// - Parameters:
    ///   - force: whether a file that is no such journal is overwritten.
    ///   - keep: called with the fields of each record that is kept, in order.
    /// - Returns: why not all is kept; nil if it is, or there was nothing.
    func open(
        _ identity: Identity, force: Bool, keep: ([[UInt8]]) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> String? {
        let header = header(identity)
        let found = try file.read(RecordJournal.headerBytes, at: 0)
        let isForeign = !found.starts(with: kind.identifier.prefix(found.count))
        guard !isForeign || force else {
            throw PoolmapError(.failed, "\(file.path) is no \(kind.noun); remove it, or use -f to overwrite it")
        }
        ends = [(UInt64(header.count), header.withUnsafeBytes { $0.trailingChecksum })]
        var loss: String?
        if found == header {
            try readRecords(identity.fieldCount, keep)
        } else {
            loss = isForeign ? nil : difference(header, from: found)
            try file.truncate(to: 0)
            try file.write(header, at: 0)
        }
        // A record that is cut, or of another run.
        try file.truncate(to: end.byteCount)
        return loss
    }

    private var end: (byteCount: UInt64, checksum: UInt32) { ends.last ?? (0, 0) }

    private func header(_ identity: Identity) -> [UInt8] {
        var bytes = kind.identifier
        bytes += [RecordJournal.version, 0, 0, 0]
        bytes.append(littleEndian: UInt32(identity.input.modified.tv_nsec))
        bytes.append(littleEndian: Int64(identity.input.modified.tv_sec))
        bytes.append(littleEndian: Int64(identity.input.changed.tv_sec))
        bytes.append(littleEndian: UInt32(identity.input.changed.tv_nsec))
        bytes.append(littleEndian: UInt32(identity.fieldCount))
        bytes.append(littleEndian: identity.input.byteCount)
        bytes.append(littleEndian: identity.pieceBytes)
        bytes += identity.settings
        bytes += [UInt8](repeating: 0, count: RecordJournal.headerBytes - 4 - bytes.count)
        bytes.appendCRC32C()
        return bytes
    }

    /// Why records behind the header `found` cannot be kept, for the user; nil where there was nothing to keep.
    private func difference(_ header: [UInt8], from found: [UInt8]) -> String? {
        func differs(_ range: Range<Int>) -> Bool { header[range] != found[range] }
        guard found.count == RecordJournal.headerBytes else {
            return found.isEmpty ? nil : "\(kind.again): the state is damaged"
        }
        let isWhole = found.withUnsafeBytes {
            CRC32C.checksum(of: $0.bytes(in: 0..<RecordJournal.headerBytes - 4)) == $0.trailingChecksum
        }
        guard isWhole else { return "\(kind.again): the state is damaged" }
        if differs(8..<9) { return "\(kind.again): the state is of another version of poolmap" }
        if differs(40..<48) { return "\(kind.again): the size of the input is another" }
        if differs(12..<36) { return "\(kind.again): the input has changed" }
        return "\(kind.again): the state is of other \(kind.settings)"
    }

    // MARK: Records

    private func readRecords(_ count: Int, _ keep: ([[UInt8]]) throws(PoolmapError) -> Void) throws(PoolmapError) {
        while true {
            let (byteCount, checksum) = end
            let lengthBytes = try file.read(4, at: byteCount)
            guard lengthBytes.count == 4 else { return }
            let length = Int(lengthBytes.withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) })
            guard length <= RecordJournal.mostRecordBytes else { return }
            let record = try file.read(4 + length + 4, at: byteCount)
            guard record.count == 4 + length + 4 else { return }
            let expected = record.withUnsafeBytes {
                CRC32C.checksum(of: $0.bytes(in: 0..<4 + length), continuing: checksum)
            }
            guard record.withUnsafeBytes({ $0.trailingChecksum }) == expected,
                let fields = RecordJournal.fields(record[4..<4 + length]), fields.count == count
            else { return }
            try keep(fields)
            ends.append((byteCount + UInt64(record.count), expected))
        }
    }

    /// Notes a piece; they come in order.
    func append(_ fields: [[UInt8]]) throws(PoolmapError) {
        let content = RecordJournal.content(of: fields)
        var record: [UInt8] = []
        record.append(littleEndian: UInt32(content.count))
        record += content
        let checksum = record.withUnsafeBytes { CRC32C.checksum(of: $0, continuing: end.checksum) }
        record.append(littleEndian: checksum)
        try file.write(record, at: end.byteCount)
        ends.append((end.byteCount + UInt64(record.count), checksum))
    }

    /// Forgets all records but the first.
    func keep(first count: Int) throws(PoolmapError) {
        ends.removeSubrange((count + 1)...)
        try file.truncate(to: end.byteCount)
    }

    /// Fields one behind the other, each with its length before it.
    static func content(of fields: [[UInt8]]) -> [UInt8] {
        var content: [UInt8] = []
        for field in fields {
            content.append(littleEndian: UInt32(field.count))
            content += field
        }
        return content
    }

    /// The fields that are one behind the other so; nil where something else is there.
    static func fields(_ content: ArraySlice<UInt8>) -> [[UInt8]]? {
        var fields: [[UInt8]] = []
        var rest = content
        while rest.count >= 4 {
            let count = Int(Array(rest.prefix(4)).withUnsafeBytes { $0.littleEndian(UInt32.self, at: 0) })
            rest = rest.dropFirst(4)
            guard rest.count >= count else { return nil }
            fields.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return rest.isEmpty ? fields : nil
    }
}
