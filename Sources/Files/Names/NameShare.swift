import Ground

/// One of several shares of all names; a name's share follows from the name alone.
///
/// So no share needs to know the other names, and a file that appears or disappears meanwhile moves no other. Shares
/// have about the same number of names. File sizes are not looked up, unless large files are divided among all shares.
///
/// Two inputs that would have the same target are in the same share, so that the collision is noticed.
package struct NameShare: Sendable {
    /// The number of this share.
    package let part: Part
    /// Files of at least this size are in every share, and each share does a part of them; nil to divide no file.
    package var splitBytes: UInt64?
    /// Where targets go, which decides what part of a name counts.
    package var targets = Targets.beside
    /// How targets are named; nil if there are none.
    package var naming: TargetNaming?

    package enum Targets: Sendable {
        /// Beside the inputs.
        case beside
        /// In a folder, by their last names; files found in a tree by their paths within it.
        case folder
        /// In a folder, by their last names.
        case flat
        /// In a folder, by their full paths.
        case mirrored
    }

    package init(_ part: Part) {
        self.part = part
    }

    /// Whether every share does a part of the file.
    ///
    /// Looks up its size if that is not known.
    func splits(_ file: FoundFile) -> Bool {
        guard let splitBytes, !file.isDescriptor, let status = file.status ?? FileStatus(ofPath: file.path) else {
            return false
        }
        return status.isRegular && status.byteCount >= splitBytes
    }

    /// Whether a name is in this share.
    ///
    /// - Parameter treeOffset: the offset at which the path within the tree begins, which does not depend on where the
    ///   named folder is; nil if the path itself was named.
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
        // Similar names often have checksums with the same high bits; multiplying by 2^64 over the golden ratio spreads
        // them.
        (UInt64(checksum) &* 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: UInt64(part.count)).high == part.number - 1
    }
}
