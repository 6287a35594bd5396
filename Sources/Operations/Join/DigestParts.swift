import Digests
import Files
import Ground
import Run

/// The format of an input's digests, once all of its parts are joined.
package struct DigestForm {
    let style: DigestLine.Style
    let endsWithNull: Bool
    /// The name in the lines.
    let name: String

    package init(_ style: DigestLine.Style, endsWithNull: Bool, name: String) {
        (self.style, self.endsWithNull, self.name) = (style, endsWithNull, name)
    }

    fileprivate func text(_ algorithms: [HashAlgorithm], _ digests: [String]) -> [UInt8] {
        zip(algorithms, digests).flatMap { (algorithm, digest) in
            FileName.bytes(of: DigestLine(algorithm, digest, name).text(style, endsWithNull: endsWithNull))
        }
    }
}

extension PartWriter: ChunkSink {
    /// The part of an input that is hashed as a whole, in pieces of this size.
    convenience init(
        _ part: Part, of input: InputFile, _ algorithms: [HashAlgorithm], in pieceBytes: UInt64, _ form: DigestForm,
        to path: String, _ policy: OutputPolicy
    ) throws(PoolmapError) {
        try self.init(
            part, of: input, in: pieceBytes, to: path, policy, .hash,
            algorithms.map { "algorithm=\($0.partSetting)" } + [
                "piece=\(pieceBytes)", "lines=\(form.style.rawValue)", "zero=\(form.endsWithNull)",
                "name=\(DigestLine.escaped(form.name))",
            ])
    }

    /// The part of a manifest, for the file of this name.
    convenience init(
        _ part: Part, of input: InputFile, _ scheme: ManifestScheme, name: String, to path: String,
        _ policy: OutputPolicy
    ) throws(PoolmapError) {
        try self.init(
            part, of: input, in: scheme.chunkBytes, to: path, policy, .manifest,
            [
                "algorithm=\(scheme.algorithm.partSetting)", "chunk-size=\(scheme.chunkBytes)",
                "name=\(DigestLine.escaped(name))",
            ])
    }
}

/// Computes the digests of the whole input, as lines or a manifest, from what all parts recorded about their pieces.
///
/// The front does this itself: there are only some tens of bytes for each 4 MiB of an input.
final class DigestJoinJob: Job {
    private let parts: PartSet
    private let output: PartTarget
    private let sink: any ChunkSink
    private var nextMember = 0
    private var byteCount: UInt64 = 0

    init(_ parts: PartSet, to output: PartTarget) throws(PoolmapError) {
        self.parts = parts
        self.output = output
        let write = { (bytes: [UInt8]) throws(PoolmapError) in try output.append(bytes) }
        let sink: (any ChunkSink)? =
            parts.operation == .manifest
            ? ManifestWriter(parts.job, write: write) : DigestLines(parts.job, write: write)
        guard let sink else {
            throw PoolmapError(.unsupported, "was made by another version of poolmap").of(parts.members[0].path)
        }
        self.sink = sink
    }

    func next(_ workforce: Workforce) -> Step {
        guard nextMember < parts.members.count else { return .end }
        let member = parts.members[nextMember]
        nextMember += 1
        return .local(nil) { [self] () throws(PoolmapError) in
            let file = try member.open()
            do throws(PoolmapError) {
                try join(member, file)
                try file.requireUnchanged()
            } catch {
                throw error.of(member.path)
            }
        }
    }

    private func join(_ member: PartSet.Member, _ file: InputFile) throws(PoolmapError) {
        var offset: UInt64 = 0
        for row in member.table.rows {
            let piece = try file.readBytes(at: offset, count: Int(row.byteCount))
            guard piece.withBytes({ CRC32C.checksum(of: $0) }) == row.checksum else {
                throw PoolmapError(.damaged, "is damaged; remove it and make the part again")
            }
            try sink.take(piece, byteCount: row.contentBytes)
            offset += row.byteCount
            byteCount += row.contentBytes
        }
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) {}

    func finish() throws(PoolmapError) -> JobSummary {
        guard byteCount == parts.job.inputBytes else {
            throw PoolmapError(
                .damaged, "the parts cover \(byteCount) of \(parts.job.inputBytes) bytes; make them again")
        }
        var summary = try sink.finish(byteCount: byteCount)
        summary.outputBytes = output.end
        return try output.commit(parts, summary)
    }
}

/// The lines with an input's digests.
private final class DigestLines: ChunkSink {
    private let algorithms: [HashAlgorithm]
    private let form: DigestForm
    private var join: DigestJoin
    private let write: ([UInt8]) throws(PoolmapError) -> Void

    /// nil if the job's settings are incomplete.
    init?(_ job: PartJob, write: @escaping ([UInt8]) throws(PoolmapError) -> Void) {
        let names = job.values(of: "algorithm")
        algorithms = names.compactMap { HashAlgorithm(partSetting: $0) }
        guard algorithms.count == names.count, !algorithms.isEmpty,
            let pieceBytes = job.values(of: "piece").first.flatMap({ UInt64($0) }),
            let style = job.values(of: "lines").first.flatMap({ DigestLine.Style(rawValue: $0) }),
            let name = job.name
        else { return nil }
        form = DigestForm(style, endsWithNull: job.values(of: "zero") == ["true"], name: name)
        join = DigestJoin(algorithms, pieceBytes: pieceBytes)
        self.write = write
    }

    func take(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        guard let fields = RecordJournal.fields(piece[...]) else {
            throw PoolmapError(.damaged, "is damaged; remove it and make the part again")
        }
        try join.add(fields, byteCount: byteCount)
    }

    func finish(byteCount: UInt64) throws(PoolmapError) -> JobSummary {
        let digests = try join.finish()
        try write(form.text(algorithms, digests))
        return JobSummary(inputBytes: byteCount, digests: digests)
    }
}

extension ManifestWriter {
    /// nil if the job's settings are incomplete.
    fileprivate convenience init?(_ job: PartJob, write: @escaping ([UInt8]) throws(PoolmapError) -> Void) {
        guard let algorithm = job.values(of: "algorithm").first.flatMap({ HashAlgorithm(partSetting: $0) }),
            let chunkBytes = job.values(of: "chunk-size").first.flatMap({ UInt64($0) }), let name = job.name,
            let scheme = ManifestScheme(algorithm.name, chunkBytes: chunkBytes)
        else { return nil }
        self.init(scheme, name: name, write: write)
    }
}

extension PartJob {
    /// The name of the input, as it appears in a line.
    fileprivate var name: String? {
        values(of: "name").first.flatMap { DigestLine.unescaped(FileName.bytes(of: $0)[...]) }.map {
            FileName.text(of: $0)
        }
    }
}

extension HashAlgorithm {
    /// All parameters of a digest, except a key, which must not be in a part.
    var partSetting: String {
        switch self {
        case .blake3(.deriveKey(let context), let digestBytes):
            "\(name.rawValue) \(digestBytes) \(hexadecimal(FileName.bytes(of: context)))"
        case .blake3(_, let digestBytes): "\(name.rawValue) \(digestBytes)"
        case .s3ETag(let bytes), .s3SHA256(let bytes), .s3CRC32C(let bytes): "\(name.rawValue) \(bytes)"
        case .fsveritySHA256(let salt), .fsveritySHA512(let salt): "\(name.rawValue) \(hexadecimal(salt))"
        default: name.rawValue
        }
    }

    fileprivate init?(partSetting text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard let name = Name(rawValue: words[0]) else { return nil }
        let value = words.count > 1 ? words[1] : ""
        switch name {
        case .blake3:
            guard let digestBytes = Int(value), 1...HashAlgorithm.mostDigestBytes ~= digestBytes else { return nil }
            guard words.count > 2 else {
                self = .blake3(digestBytes: digestBytes)
                return
            }
            guard let context = bytes(ofHexadecimal: Array(words[2].utf8)[...]) else { return nil }
            self = .blake3(.deriveKey(context: FileName.text(of: context)), digestBytes: digestBytes)
        case .s3ETag, .s3SHA256, .s3CRC32C:
            guard let partBytes = UInt64(value), partBytes > 0 else { return nil }
            self.init(name, partBytes: partBytes)
        case .fsveritySHA256, .fsveritySHA512:
            guard let salt = bytes(ofHexadecimal: Array(value.utf8)[...]), salt.count <= 32 else { return nil }
            self.init(name, salt: salt)
        default: self.init(name)
        }
    }
}
