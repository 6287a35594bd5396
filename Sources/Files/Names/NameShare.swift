import Ground

/// One of several shares of all names: which share a name is in follows from the name alone.
///
/// So no share has to know of the other names, however many there are, and a file that comes or goes meanwhile moves no
/// other. Shares have about equally many names, and nobody has asked for the files' sizes, unless large files are to be
/// in all shares.
///
/// Two inputs that would have one target are in one share, so that whoever does it notices.
package struct NameShare: Sendable {
    /// Which of the shares it is.
    package let part: Part
    /// Files of at least so many bytes are in every share, and each does a part of them; nil where no file is so large.
    package var splitBytes: UInt64?
    /// Where targets go, which says what of a name counts.
    package var targets = Targets.beside
    /// What the targets are called; nil where there are none.
    package var naming: TargetNaming?

    package enum Targets: Sendable {
        /// Beside the inputs.
        case beside
        /// To a folder, by their last names; what was found under a folder by its path from that folder on.
        case folder
        /// To a folder, by their last names.
        case flat
        /// To a folder, by their whole paths.
        case mirrored
    }

    package init(_ part: Part) {
        self.part = part
    }

    /// Whether every share does a part of the file.
    ///
    /// Asks for its size where that is not known.
    func splits(_ file: FoundFile) -> Bool {
        guard let splitBytes, !file.isDescriptor, let status = file.status ?? FileStatus(ofPath: file.path) else {
            return false
        }
        return status.isRegular && status.byteCount >= splitBytes
    }

    /// - Parameter treeOffset: where in the path that from the folder on begins that was named, which is the same wherever
    ///   the folder is; nil where the path itself was named.
    func has(_ path: UnsafeRawBufferPointer, treeOffset: Int?) -> Bool {
        hasName(path, treeOffset)
            || (splitBytes != nil && splits(FoundFile(path: FileName.text(of: path), pathInTree: nil)))
    }

    private func hasName(_ path: UnsafeRawBufferPointer, _ treeOffset: Int?) -> Bool {
        switch targets {
        case .beside: return has(path[(treeOffset ?? 0)...])
        case .folder: return has(treeOffset.map { path[$0...] } ?? NameShare.lastName(path))
        case .flat: return has(NameShare.lastName(path))
        case .mirrored:
            let names = path.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual([UInt8(ascii: ".")]) }
            let joined = Array(names.joined(separator: [UInt8(ascii: "/")]))
            return joined.withUnsafeBytes { has($0[...]) }
        }
    }

    private static func lastName(_ path: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
    }

    private func has(_ key: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let change = naming?.change(of: key), change.dropped > 0 else {
            return has(checksum: CRC32C.checksum(of: UnsafeRawBufferPointer(rebasing: key)))
        }
        let target = Array(key.dropLast(change.dropped)) + change.added.utf8
        return has(checksum: target.withUnsafeBytes { CRC32C.checksum(of: $0) })
    }

    private func has(checksum: UInt32) -> Bool {
        // The checksum has the same high bits for many names that are alike; multiplied by 2^64 over the golden ratio it
        // has not.
        (UInt64(checksum) &* 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: UInt64(part.count)).high == part.number - 1
    }
}
