import SystemPackage

@testable import Digests
@testable import Operations

extension FuzzTarget {
    /// Manifests: a section that was read must be written as the same bytes.
    static let manifest = FuzzTarget(
        name: "manifest", mostBytes: 2048, leastEdges: 600, seeds: { try manifests() },
        run: { bytes in
            read(Array(bytes))
            read(withRightDigests(Array(bytes)))
        })

    private static func manifests() throws -> [[UInt8]] {
        func manifest(_ algorithm: HashAlgorithm.Name, _ name: String, byteCount: UInt64) throws -> [UInt8] {
            guard let scheme = ManifestScheme(algorithm, chunkBytes: 1024) else { return [] }
            var text: [UInt8] = []
            let writer = ManifestWriter(scheme, name: name) { text += $0 }
            let count = Int(byteCount + 1023) / 1024
            try writer.take([UInt8](repeating: 7, count: count * scheme.digestBytes), byteCount: byteCount)
            _ = try writer.finish(byteCount: byteCount)
            return text
        }
        let first = try manifest(.crc32, "a", byteCount: 3000)
        return [
            first, try manifest(.crc32c, "b\\ \n", byteCount: 0), try manifest(.md5, "c", byteCount: 1024),
            try manifest(.blake3, "\u{10FF80}", byteCount: 2048), try first + manifest(.crc64nvme, "e", byteCount: 1),
        ]
    }

    private static func read(_ text: [UInt8]) {
        let file = text.withUnsafeBytes { ScratchFiles.descriptor(with: $0) }
        let lines = ManifestLines(file, from: 0, to: UInt64(text.count))
        let reader = ManifestReader(lines)
        var start = 0
        while let section = try? reader.next() {
            let end = Int(lines.position)
            require(end > start && end <= text.count, "a section from \(start) to \(end)")
            require(written(section, file, to: UInt64(end)).elementsEqual(text[start..<end]), "it is written otherwise")
            start = end
        }
    }

    private static func written(_ section: ManifestSection, _ file: FileDescriptor, to end: UInt64) -> [UInt8] {
        var text: [UInt8] = []
        let lines = ManifestLines(
            file, from: section.chunkLines.offset, to: end, number: section.chunkLines.number)
        do {
            let writer = ManifestWriter(section.scheme, name: section.name) { text += $0 }
            var parser = ManifestChunkParser(section.scheme)
            for index in 0..<section.chunkCount {
                guard let line = try lines.next() else { return [] }
                let digest = try parser.parse(line, lines)
                let range = section.bytes(of: index..<index + 1)
                try writer.take(digest, byteCount: range.upperBound - range.lowerBound)
            }
            _ = try writer.finish(byteCount: section.byteCount)
        } catch {
            require(false, "a section is not read again: \(error)")
        }
        return text
    }

    /// Corrects the digests at the end of a section, as far as the lines form one.
    private static func withRightDigests(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var section: [UInt8] = []
        var digests: [UInt8] = []
        var algorithm: HashAlgorithm?
        func digest(of bytes: [UInt8]) -> [UInt8] {
            guard var hasher = algorithm?.wholeHasher() else { return [] }
            bytes.withUnsafeBytes { hasher.update($0) }
            return Array(hexadecimal(hasher.finish()).utf8)
        }
        for piece in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            var line = Array(piece)
            if line.starts(with: ManifestText.identifier) {
                (section, digests, algorithm) = ([], [], nil)
            } else if line.starts(with: ManifestText.algorithm) {
                let word = line.dropFirst(ManifestText.algorithm.count)
                let name = ManifestScheme.algorithmNames.first { Array($0.rawValue.utf8) == Array(word) }
                algorithm = name.map { HashAlgorithm($0) }
            } else if let first = line.first, ManifestText.isDigit(first), let word = line.lastIndex(of: 0x20) {
                digests += bytes(ofHexadecimal: line[(word + 1)...]) ?? []
            } else if line.starts(with: ManifestText.root) {
                line = ManifestText.root + digest(of: digests)
            } else if line.starts(with: ManifestText.end) {
                line = ManifestText.end + digest(of: section)
            }
            section += line + [UInt8(ascii: "\n")]
            result += line + [UInt8(ascii: "\n")]
        }
        result.removeLast()
        return result
    }
}
