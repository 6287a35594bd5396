import Files
import Glibc
import Ground
import Slurm
import SystemPackage

/// The folder beside the target in which the jobs note how their parts ended, and the poolmap that submitted them keeps
/// its record.
struct NotesFolder {
    let path: String

    /// Creates the folder if needed, and locks it.
    ///
    /// Throws if another process holds the lock: only one poolmap may wait for a job.
    func open() throws(PoolmapError) -> FileDescriptor {
        if mkdir(path.cName, 0o777) != 0, errno != EEXIST {
            throw .system("cannot create \(path)", Errno(rawValue: errno))
        }
        let lock = try attempt("cannot write \(name("lock"))") { () throws(Errno) in
            try openFile(name("lock"), O_RDWR | O_CREAT, 0o666)
        }
        // On a file system without locks, go on without one.
        if flock(lock.rawValue, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw PoolmapError(.failed, "another poolmap is waiting for the same job, and has \(path) locked")
        }
        return lock
    }

    func name(_ name: String) -> String { "\(path)/\(name)" }

    func readRecord(most: Int) throws(PoolmapError) -> ArrayRecord? {
        guard let text = text(of: "record") else { return nil }
        guard let record = ArrayRecord(text, most: most) else {
            throw PoolmapError(.failed, "\(name("record")) was not written by this version of poolmap")
        }
        return record
    }

    /// Writes the record; it is on disk when this returns.
    func write(_ record: ArrayRecord) throws(PoolmapError) {
        let file = try LineFile(path: name("record"), force: true)
        try file.write(FileName.bytes(of: record.text))
        try file.commit()
    }

    /// The note of a part's script, or of the join's; nil if there is none.
    func note(_ name: String) -> PartNote? { text(of: "\(name).exit").flatMap { PartNote($0) } }

    /// The last line of a poolmap's log, without the program's name; nil if there is none.
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

    /// Removes the record, the notes and the folder; files that are not ours stay.
    func remove() {
        clear()
        _ = unlink(name("lock").cName)
        rmdir(path.cName)
    }

    /// Removes the record and the notes: the record first, since the notes mean nothing without it.
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
