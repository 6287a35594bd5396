import Files
import Ground

/// Everything besides the input's content that determines the target: the header of a journal.
///
/// Frames from an interrupted run are kept only by a run with the same identity. The layout is in docs/resume.md.
struct ResumeIdentity: Equatable, Sendable {
    /// The length of the header, the same in every version.
    static let byteCount = 64

    /// The first bytes of a journal.
    static let identifier: [UInt8] = Array("poolmapJ".utf8)

    /// The version of the layout that this code writes and reads.
    static let version: UInt8 = 1

    var inputBytes: UInt64
    /// The input's modification time, in whole seconds and nanoseconds.
    var modifiedSeconds: Int64
    var modifiedNanoseconds: UInt32
    var level: Int32
    /// The exponent given by `--long`; 0 without it.
    var longWindowLog: UInt32
    var chunkBytes: UInt32
    var hasChecksums: Bool
    /// The result of `ZSTD_versionNumber`.
    var libzstdVersion: UInt32
    /// `Compressor.revision`.
    var compressorRevision: UInt32
    /// The CRC-32C of the parameters of `--zstd=` and of the part; 0 without either.
    var parametersChecksum: UInt32 = 0
    /// The CRC-32C of the dictionary; 0 without one.
    var dictionaryChecksum: UInt32 = 0
    /// Whether frames contain the dictionary's ID.
    var namesDictionary = true
    /// The part of the input; nil for all of it.
    ///
    /// On disk it is only in the checksum of the parameters.
    var part: Part?

    private static let checksumOffset = 60

    /// The range of the chunks that can be kept.
    private var share: Range<UInt64> {
        part?.share(of: inputBytes, inPiecesOf: UInt64(chunkBytes)) ?? 0..<inputBytes
    }

    /// The number of chunks that can be kept; none of an input whose size is 0, as that of files in /proc is.
    var chunkCount: UInt64 {
        share.isEmpty ? 0 : (share.upperBound - share.lowerBound - 1) / UInt64(chunkBytes) + 1
    }

    /// Whether the first of these chunks begins a section of several frames.
    var beginsSection: Bool { share.lowerBound == 0 && inputBytes > UInt64(chunkBytes) }

    /// The range of a chunk in the input; `index` counts from the first of these chunks.
    func range(ofChunk index: Int) -> Range<UInt64> {
        let start = share.lowerBound + UInt64(index) * UInt64(chunkBytes)
        return start..<min(start + UInt64(chunkBytes), inputBytes)
    }

    /// The bytes of the header.
    func serialized() -> [UInt8] {
        var bytes = ResumeIdentity.identifier
        bytes += [ResumeIdentity.version, (hasChecksums ? 1 : 0) | (namesDictionary ? 0 : 2), 0, 0]
        bytes.append(littleEndian: level)
        bytes.append(littleEndian: longWindowLog)
        bytes.append(littleEndian: chunkBytes)
        bytes.append(littleEndian: libzstdVersion)
        bytes.append(littleEndian: compressorRevision)
        bytes.append(littleEndian: inputBytes)
        bytes.append(littleEndian: modifiedSeconds)
        bytes.append(littleEndian: modifiedNanoseconds)
        bytes.append(littleEndian: parametersChecksum)
        bytes.append(littleEndian: dictionaryChecksum)
        bytes.appendCRC32C()
        return bytes
    }

    /// The header of a file that should be a journal.
    enum Parsed: Equatable {
        case identity(ResumeIdentity)
        /// Empty, or shorter than a header: a run ended before it had written one.
        case none
        /// Not a journal.
        case foreign
        case damaged
        case otherVersion(UInt8)
    }

    /// Parses the header at the beginning of a file.
    static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
        guard bytes.starts(with: identifier.prefix(bytes.count)) else { return .foreign }
        guard bytes.count >= byteCount else { return .none }
        guard CRC32C.checksum(of: bytes.bytes(in: 0..<checksumOffset)) == bytes.littleEndian(at: checksumOffset) else {
            return .damaged
        }
        // Checked only now that the checksum matches, so a damaged byte is not taken for another version.
        let found: UInt8 = bytes.littleEndian(at: 8)
        guard found == version else { return .otherVersion(found) }
        let flags: UInt8 = bytes.littleEndian(at: 9)
        let reserved: UInt16 = bytes.littleEndian(at: 10)
        let chunkBytes: UInt32 = bytes.littleEndian(at: 20)
        guard flags & ~3 == 0, reserved == 0, CompressionOptions.chunkSizes.contains(Int(chunkBytes)) else {
            return .damaged
        }
        return .identity(
            ResumeIdentity(
                inputBytes: bytes.littleEndian(at: 32), modifiedSeconds: bytes.littleEndian(at: 40),
                modifiedNanoseconds: bytes.littleEndian(at: 48), level: bytes.littleEndian(at: 12),
                longWindowLog: bytes.littleEndian(at: 16), chunkBytes: chunkBytes, hasChecksums: flags & 1 != 0,
                libzstdVersion: bytes.littleEndian(at: 24), compressorRevision: bytes.littleEndian(at: 28),
                parametersChecksum: bytes.littleEndian(at: 52), dictionaryChecksum: bytes.littleEndian(at: 56),
                namesDictionary: flags & 2 == 0))
    }

    /// Why frames of a run with the identity `earlier` cannot be kept, as text for the user; nil if they can.
    func difference(from earlier: ResumeIdentity) -> String? {
        if inputBytes != earlier.inputBytes {
            return "the input had \(earlier.inputBytes) bytes and now has \(inputBytes)"
        }
        if modifiedSeconds != earlier.modifiedSeconds || modifiedNanoseconds != earlier.modifiedNanoseconds {
            return "the input was modified"
        }
        if level != earlier.level {
            return "the level was \(earlier.level) and now is \(level)"
        }
        if longWindowLog != earlier.longWindowLog {
            return longWindowLog == 0 ? "it was made with --long=\(earlier.longWindowLog)" : "--long differs"
        }
        if chunkBytes != earlier.chunkBytes {
            return "the chunk size was \(earlier.chunkBytes) bytes and now is \(chunkBytes)"
        }
        if parametersChecksum != earlier.parametersChecksum {
            return part == nil ? "--zstd differs, or it was made with --part" : "--part or --zstd differs"
        }
        if hasChecksums != earlier.hasChecksums {
            return "it was made \(earlier.hasChecksums ? "with" : "without") checksums"
        }
        if dictionaryChecksum != earlier.dictionaryChecksum {
            return dictionaryChecksum == 0 ? "it was made with a dictionary" : "the dictionary differs, or is new"
        }
        if namesDictionary != earlier.namesDictionary {
            return "it was made \(earlier.namesDictionary ? "without" : "with") --no-dictID"
        }
        var earlier = earlier
        earlier.part = part
        return self == earlier ? nil : "it was made by another version of poolmap or libzstd"
    }
}
