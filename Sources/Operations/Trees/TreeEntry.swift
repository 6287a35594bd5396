import Glibc
import Ground
import SystemPackage

/// A line of a tree's list, in the format of docs/tree.md.
struct TreeEntry {
    let kind: Kind
    private let permissions: mode_t
    private let deviceNumber: UInt64
    private let path: String

    /// The type of an entry, with its letter.
    enum Kind: Character {
        case file = "f"
        case folder = "d"
        case link = "l"
        case pipe = "p"
        case socket = "s"
        case characterDevice = "c"
        case blockDevice = "b"
    }

    /// - Parameters:
    ///   - status: the result of `lstat`.
    ///   - path: relative to the tree's folder; "." for the folder itself.
    init(_ status: FileStatus, path: String) throws(PoolmapError) {
        kind =
            switch status.type {
            case Int32(DT_REG): .file
            case Int32(DT_DIR): .folder
            case Int32(DT_LNK): .link
            case Int32(DT_FIFO): .pipe
            case Int32(DT_SOCK): .socket
            case Int32(DT_CHR): .characterDevice
            case Int32(DT_BLK): .blockDevice
            default: throw PoolmapError(.unsupported, "has a file type that --tree does not support")
            }
        // Linux has no other mode for links, but some file systems report one.
        permissions = kind == .link ? 0o777 : status.permissions
        deviceNumber = UInt64(status.deviceNumber)
        self.path = path
    }

    /// The line with its end.
    ///
    /// - Parameter digest: that of a file's content or a link's target; other entries have none.
    func line(_ digest: String = "-") -> [UInt8] {
        let octal = String(permissions, radix: 8)
        let mode = String(repeating: "0", count: max(0, 4 - octal.utf8.count)) + octal
        let fact =
            switch kind {
            case .characterDevice, .blockDevice: "\(TreeEntry.major(deviceNumber)):\(TreeEntry.minor(deviceNumber))"
            default: digest
            }
        return FileName.bytes(of: "\(kind.rawValue) \(mode) \(fact) \(DigestLine.escaped(path))\n")
    }

    // Splits a device number the way glibc's `makedev` composes it; Swift cannot see glibc's macros.

    private static func major(_ number: UInt64) -> UInt64 {
        number >> 8 & 0xFFF | number >> 32 & ~0xFFF
    }

    private static func minor(_ number: UInt64) -> UInt64 {
        number & 0xFF | number >> 12 & ~0xFF
    }
}
