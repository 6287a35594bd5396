import CFiles
import Glibc
import Ground
import SystemPackage

/// The names in a folder, sorted by bytes, and read one by one.
struct FolderNames {
    private struct Entry {
        let offset: Int
        /// The type from `readdir`: `DT_REG` and so on.
        let type: Int32
    }

    /// The names, each ending with NUL.
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []
    private var position = 0

    /// Reads the names of a folder.
    ///
    /// The C function is `readdir`.
    ///
    /// - Parameter folder: a readable descriptor, at offset 0.
    init(of folder: FileDescriptor) throws(Errno) {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
        defer { space.deallocate() }
        while true {
            let count = try retryingInterrupted { poolmap_read_folder(folder.rawValue, space.baseAddress, space.count) }
            if count == 0 { break }
            add(UnsafeRawBufferPointer(rebasing: space[..<count]))
        }
        bytes.withUnsafeBytes { bytes in
            guard let names = bytes.assumingMemoryBound(to: CChar.self).baseAddress else { return }
            entries.sort { strcmp(names + $0.offset, names + $1.offset) < 0 }
        }
    }

    private mutating func add(_ found: UnsafeRawBufferPointer) {
        var rest = found
        while let start = rest.baseAddress, rest.count > FolderNames.nameOffset {
            defer {
                let byteCount = rest.load(fromByteOffset: FolderNames.lengthOffset, as: UInt16.self)
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(Int(byteCount)))
            }
            let name = start + FolderNames.nameOffset
            let count = strlen(name.assumingMemoryBound(to: CChar.self))
            // An entry without an inode number was removed meanwhile. "." and ".." do not count.
            let isSpecial = count <= 2 && memcmp(name, "..", count) == 0
            if isSpecial || rest.load(as: ino_t.self) == 0 { continue }
            let type = rest[FolderNames.typeOffset]
            entries.append(Entry(offset: bytes.count, type: Int32(type)))
            bytes += UnsafeRawBufferPointer(start: name, count: count + 1)
        }
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    private static let typeOffset = MemoryLayout<dirent>.offset(of: \.d_type) ?? 0
    private static let lengthOffset = MemoryLayout<dirent>.offset(of: \.d_reclen) ?? 0

    /// The type of the next entry; nil at the end.
    var nextType: Int32? { position < entries.count ? entries[position].type : nil }

    /// The next entry; nil at the end.
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

    /// Takes regular files, and skips sockets, pipes and devices, up to an entry of another type.
    ///
    /// - Parameter folder: the folder's path, with a slash at its end.
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
