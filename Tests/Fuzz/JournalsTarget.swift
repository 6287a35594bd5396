import Glibc

@testable import Digests
@testable import Files
@testable import Ground
@testable import Operations
@testable import SeekableZstd

extension FuzzTarget {
    /// The journals of unfinished targets and hashes: what is kept of them must be written as the same bytes.
    static let journals = FuzzTarget(
        name: "journals", mostBytes: 512, leastEdges: 400,
        seeds: {
            let identity = ResumeIdentity(
                inputBytes: 100, modifiedSeconds: 1, modifiedNanoseconds: 2, level: 3, longWindowLog: 0, chunkBytes: 30,
                hasChecksums: true, libzstdVersion: 10504, compressorRevision: 1)
            var journal = ResumeJournal(identity)
            var bytes = identity.serialized()
            for size in 1...4 as ClosedRange<UInt32> {
                bytes += journal.append(
                    KeptFrame(compressedBytes: size, contentChecksum: 1, frameChecksum: 2, chunkChecksum: 3))
            }
            return [
                bytes, Array(bytes.dropLast(3)),
                [4, 0, 0, 0, 1, 2, 3, 4, 8, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 9, 9, 9, 9],
            ]
        },
        run: { bytes in
            read(Array(bytes))
            read(withRightChecksums(Array(bytes)))
            HashStates.read(Array(bytes))
        })

    private static func read(_ bytes: [UInt8]) {
        guard case .identity(let identity) = bytes.withUnsafeBytes({ ResumeIdentity.parse($0) }) else { return }
        require(
            identity.serialized().elementsEqual(bytes.prefix(ResumeIdentity.byteCount)),
            "\(identity) is written otherwise")
        require(identity.difference(from: identity) == nil, "an identity is another than itself")
        let records = Array(bytes.dropFirst(ResumeIdentity.byteCount))
        var journal = ResumeJournal(identity)
        let tookAll = records.withUnsafeBytes { journal.take($0) }
        let kept = Int(journal.byteCount) - ResumeIdentity.byteCount
        require(
            kept <= records.count && (!tookAll || kept == records.count), "\(kept) of \(records.count) bytes are kept")
        var again = ResumeJournal(identity)
        require(
            journal.frames.flatMap { again.append($0) } == Array(records.prefix(kept)), "records are written otherwise")
        // No input is larger, and a journal is used only if its input size is the input's.
        guard identity.inputBytes <= UInt64(Int64.max) else { return }
        _ = journal.isComplete
        _ = journal.partialBytes
        finish(journal)
        journal.keep(first: 1)
        require(journal.frames.count <= 1, "more is kept than was asked")
    }

    /// Makes the tables that follow the frames, if these obey the rules of a section.
    private static func finish(_ journal: ResumeJournal) {
        guard !journal.frames.isEmpty else { return }
        var section = SectionWriter()
        do {
            for index in journal.frames.indices { try section.add(journal.dataFrame(index)) }
            _ = section.finish()
        } catch {
            // A frame is longer than a table can record.
        }
    }

    /// Corrects the checksums of the header and of each record.
    private static func withRightChecksums(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= ResumeIdentity.byteCount else { return bytes }
        var result = Array(bytes.prefix(ResumeIdentity.byteCount)).withRightCRC32C()
        var checksum = result.withUnsafeBytes { $0.trailingChecksum }
        var rest = bytes.dropFirst(ResumeIdentity.byteCount)
        while rest.count >= ResumeJournal.recordBytes {
            let fields = Array(rest.prefix(ResumeJournal.recordBytes - 4))
            checksum = fields.withUnsafeBytes { CRC32C.checksum(of: $0, continuing: checksum) }
            result += fields
            result.append(littleEndian: checksum)
            rest = rest.dropFirst(ResumeJournal.recordBytes)
        }
        return result + rest
    }
}

/// The states of `hash --resume`.
private enum HashStates {
    private static let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    private static let path = "\(folder)/poolmap-fuzz-\(getpid())"
    private static let algorithms: [HashAlgorithm] = [.sha256, .crc32]
    nonisolated(unsafe) private static var input = makeInput()

    private static func makeInput() -> InputFile {
        var name = Array("\(folder)/poolmap-fuzz-input-XXXXXX".utf8CString)
        let number = mkstemp(&name)
        defer { unlink(name) }
        require(write(number, "content", 7) == 7, "no input")
        close(number)
        guard
            let input = try? InputFile.open(
                path: String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        else { fatalError("no input") }
        return input
    }

    static func read(_ records: [UInt8]) {
        defer { unlink(path) }
        let header = contents(of: [], keeping: { _ in })
        for bytes in [records, header + records, withRightChecksums(header, records)] {
            var pieces: [[[UInt8]]] = []
            let left = contents(of: bytes) { pieces.append($0) }
            guard bytes.starts(with: header) else { continue }
            require(bytes.starts(with: left) && left.count >= header.count, "a state is changed when it is read")
            // Written again, they must be the same bytes.
            unlink(path)
            do {
                let state = HashState(path: path, force: true)
                _ = try state.open(for: input, algorithms, pieceBytes: 1 << 20, nil, keep: { _ in })
                for piece in pieces { try state.append(piece) }
            } catch {
                require(false, "\(error)")
            }
            require(stateBytes() == left, "pieces are written otherwise")
        }
    }

    /// What is left of a state after it was opened.
    private static func contents(of bytes: [UInt8], keeping keep: ([[UInt8]]) -> Void) -> [UInt8] {
        unlink(path)
        let number = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600)
        require(write(number, bytes, bytes.count) == bytes.count, "no state")
        close(number)
        do {
            let state = HashState(path: path, force: true)
            _ = try state.open(for: input, algorithms, pieceBytes: 1 << 20, nil) { keep($0) }
        } catch {
            require(false, "\(error)")
        }
        return stateBytes()
    }

    private static func stateBytes() -> [UInt8] {
        let number = open(path, O_RDONLY)
        defer { close(number) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        return Array(bytes.prefix(max(0, Glibc.read(number, &bytes, bytes.count))))
    }

    private static func withRightChecksums(_ header: [UInt8], _ records: [UInt8]) -> [UInt8] {
        var result = header
        var checksum = header.withUnsafeBytes { $0.trailingChecksum }
        var rest = records[...]
        while rest.count >= 8 {
            // The length is one byte: longer records do not fit in such a short input.
            let length = min(Int(rest[rest.startIndex]), rest.count - 8)
            var record: [UInt8] = []
            record.append(littleEndian: UInt32(length))
            record += rest.dropFirst(4).prefix(length)
            checksum = record.withUnsafeBytes { CRC32C.checksum(of: $0, continuing: checksum) }
            record.append(littleEndian: checksum)
            result += record
            rest = rest.dropFirst(length + 8)
        }
        return result + rest
    }
}
