import Digests
import Files
import Ground

/// The progress on an input, kept on disk so that another run can continue however this one ends.
///
/// docs/resume.md describes the layout: a header that identifies the file and the settings, and a record for each
/// piece, in order, written once the front has joined the piece. If the front is killed, at most the last record is
/// incomplete, which its checksum reveals.
final class RecordJournal {
    /// A kind of journal.
    struct Kind {
        /// Its first eight bytes.
        let identifier: [UInt8]
        /// For messages: what the journal is called, and what is done if nothing of it can be kept.
        let noun: String
        let again: String
        /// For messages: what the pieces depend on besides the input.
        let settings: String
    }

    /// The input and the settings.
    struct Identity {
        let input: FileStatus
        let pieceBytes: UInt64
        /// The number of fields in a record.
        let fieldCount: Int
        /// The first 16 bytes of the settings' SHA-256, since a key among them must not be written to disk.
        let settings: ArraySlice<UInt8>

        /// - Parameter settings: all of them as text, one a line.
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
    /// The length and the checksum of the file after the header, and after each record.
    private var ends: [(byteCount: UInt64, checksum: UInt32)] = []

    /// The length of the header.
    static let headerBytes = 80
    private static let version: UInt8 = 1
    /// A longer record is invalid.
    private static let mostRecordBytes = 64 << 20

    init(_ file: JournalFile, _ kind: Kind) {
        (self.file, self.kind) = (file, kind)
    }

    /// Reads what an earlier run left, or begins a journal.
    ///
    /// - Parameters:
    ///   - force: whether to overwrite a file that is not such a journal.
    ///   - keep: called with the fields of each record that is kept, in order.
    /// - Returns: why less is kept than there was; nil if everything is, or there was nothing.
    func open(
        _ identity: Identity, force: Bool, keep: ([[UInt8]]) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> String? {
        let header = header(identity)
        let found = try file.read(RecordJournal.headerBytes, at: 0)
        let isForeign = !found.starts(with: kind.identifier.prefix(found.count))
        guard !isForeign || force else {
            throw PoolmapError(.failed, "\(file.path) is not a \(kind.noun); remove it, or use -f to overwrite it")
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
        // Drop a record that is incomplete or belongs to another run.
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

    /// Why records after the header `found` cannot be kept, as text for the user; nil if there was nothing to keep.
    private func difference(_ header: [UInt8], from found: [UInt8]) -> String? {
        func differs(_ range: Range<Int>) -> Bool { header[range] != found[range] }
        guard found.count == RecordJournal.headerBytes else {
            return found.isEmpty ? nil : "\(kind.again): the state is damaged"
        }
        let isWhole = found.withUnsafeBytes {
            CRC32C.checksum(of: $0.bytes(in: 0..<RecordJournal.headerBytes - 4)) == $0.trailingChecksum
        }
        guard isWhole else { return "\(kind.again): the state is damaged" }
        if differs(8..<9) { return "\(kind.again): the state was written by another version of poolmap" }
        if differs(40..<48) { return "\(kind.again): the size of the input differs" }
        if differs(12..<36) { return "\(kind.again): the input changed" }
        return "\(kind.again): the state is for other \(kind.settings)"
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

    /// Records a piece; call it in order.
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

    /// Drops all records after the first `count`.
    func keep(first count: Int) throws(PoolmapError) {
        ends.removeSubrange((count + 1)...)
        try file.truncate(to: end.byteCount)
    }

    /// Concatenates fields, each preceded by its length.
    static func content(of fields: [[UInt8]]) -> [UInt8] {
        var content: [UInt8] = []
        for field in fields {
            content.append(littleEndian: UInt32(field.count))
            content += field
        }
        return content
    }

    /// Splits concatenated fields; nil if the bytes are anything else.
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
