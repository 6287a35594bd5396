import Files
import Glibc
import Ground
import Slurm
import SystemPackage

/// The folder beside the target where the jobs note what becomes of the parts, and the poolmap that has submitted them
/// remembers them.
struct NotesFolder {
    let path: String

    /// Makes the folder, where it is not there.
    ///
    /// Throws where another process has it open as its own: one line waits for a job, and not two.
    func open() throws(PoolmapError) -> FileDescriptor {
        if mkdir(path.cName, 0o777) != 0, errno != EEXIST {
            throw .system("cannot make \(path)", Errno(rawValue: errno))
        }
        let lock = try attempt("cannot write \(name("lock"))") { () throws(Errno) in
            try openFile(name("lock"), O_RDWR | O_CREAT, 0o666)
        }
        // Where the file system has no locks, nothing is said.
        if flock(lock.rawValue, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw PoolmapError(.failed, "another poolmap waits for the same job, as \(path) says")
        }
        return lock
    }

    func name(_ name: String) -> String { "\(path)/\(name)" }

    func readRecord(most: Int) throws(PoolmapError) -> ArrayRecord? {
        guard let text = text(of: "record") else { return nil }
        guard let record = ArrayRecord(text, most: most) else {
            throw PoolmapError(.failed, "\(name("record")) is no record of this version of poolmap")
        }
        return record
    }

    /// The record is on disk when this returns.
    func write(_ record: ArrayRecord) throws(PoolmapError) {
        let file = try LineFile(path: name("record"), force: true)
        try file.write(FileName.bytes(of: record.text))
        try file.commit()
    }

    /// What the script of a part, or of the join, has noted; nil where it has noted nothing.
    func note(_ name: String) -> PartNote? { text(of: "\(name).exit").flatMap { PartNote($0) } }

    /// The last line that poolmap has said on another machine, without its own name; nil where there is none.
    func lastLine(_ name: String) -> String? {
        guard let line = text(of: "\(name).log")?.split(separator: "\n").last else { return nil }
        return String(line.hasPrefix("poolmap: ") ? line.dropFirst(9) : line)
    }

    private func text(of file: String) -> String? {
        guard let file = try? InputFile.open(path: name(file)), file.isRegular,
            let bytes = try? file.readBytes(
                at: file.byteCount - min(file.byteCount, NotesFolder.mostBytes),
                count: Int(min(file.byteCount, NotesFolder.mostBytes)))
        else { return nil }
        return FileName.text(of: bytes)
    }

    private static let mostBytes: UInt64 = 4 << 20

    /// Removes all that is noted, and the folder; what is no file of ours stays.
    func remove() {
        clear()
        _ = unlink(name("lock").cName)
        rmdir(path.cName)
    }

    /// Removes all that is noted, and first the record, without which the rest says nothing.
    func clear() {
        _ = unlink(name("record").cName)
        guard let folder = opendir(path.cName) else { return }
        var names: [[CChar]] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { FileName.text(of: $0) }
            }
            if (name.hasPrefix("part-") || name.hasPrefix("join.")) && name.contains(".") {
                names.append(self.name(name).cName)
            }
        }
        closedir(folder)
        names.forEach { _ = unlink($0) }
    }
}
