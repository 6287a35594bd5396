import Glibc
import Ground
import SystemPackage

/// The names in a folder, in the order of their bytes; they come one after the other.
struct FolderNames {
    private struct Entry {
        let offset: Int
        /// As `readdir` has it: `DT_REG` and so on.
        let type: Int32
    }

    /// Each name with a NUL at its end.
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var position = 0

    /// Reads a folder's list.
    ///
    /// The C function is `readdir`.
    init(of folder: OpaquePointer) throws(Errno) {
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                break
            }
            withUnsafeBytes(of: &entry.pointee.d_name) { space in
                guard let start = space.baseAddress else { return }
                let count = strlen(start.assumingMemoryBound(to: CChar.self))
                let name = UnsafeRawBufferPointer(start: start, count: count)
                // The folder itself and the one above it.
                if name[0] == UInt8(ascii: "."), name.count == 1 || (name.count == 2 && name[1] == name[0]) { return }
                entries.append(Entry(offset: bytes.count, type: Int32(entry.pointee.d_type)))
                bytes += name
                bytes.append(0)
            }
        }
        bytes.withUnsafeBytes { bytes in
            guard let names = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return }
            entries.sort { strcmp(names + $0.offset, names + $1.offset) < 0 }
        }
    }

    /// What the next one is; nil at the end.
    var nextType: Int32? { position < entries.count ? entries[position].type : nil }

    /// The next one; nil at the end.
    mutating func next() -> (name: String, type: Int32)? {
        guard position < entries.count else { return nil }
        defer { position += 1 }
        return (bytes.withUnsafeBytes { FileName.text(of: name(position, $0)) }, entries[position].type)
    }

    private func name(_ place: Int, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[entries[place].offset...])
        let count = rest.baseAddress.map { strlen($0.assumingMemoryBound(to: CChar.self)) } ?? 0
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    /// Takes regular files, and passes over sockets, pipes and devices, up to what is something else.
    ///
    /// - Parameter folder: its path, with a slash at its end.
    mutating func takeFiles(
        in folder: [UInt8], into bundle: inout NameBundle, atMost most: Int,
        where isWanted: (UnsafeRawBufferPointer) -> Bool
    ) {
        bytes.withUnsafeBytes { bytes in
            while position < entries.count, bundle.count < most {
                switch entries[position].type {
                case Int32(DT_REG):
                    let name = name(position, bytes)
                    if isWanted(name) {
                        bundle.append(name, in: folder)
                    }
                case Int32(DT_DIR), Int32(DT_LNK), Int32(DT_UNKNOWN): return
                default: break
                }
                position += 1
            }
        }
    }
}
