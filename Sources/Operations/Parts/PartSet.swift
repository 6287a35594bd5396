import Files
import Ground
import SystemPackage

/// The parts of one job, in order and complete.
package struct PartSet {
    /// A part and its file.
    struct Member {
        let path: String
        let table: PartTable
        /// The length of the file before the table.
        let byteCount: UInt64
        /// The file's status when the table was read.
        let status: FileStatus

        /// Opens the file again.
        func open() throws(PoolmapError) -> InputFile {
            do throws(PoolmapError) {
                let file = try InputFile.open(path: path)
                guard file.status.isSameFile(as: status), !file.status.hasChanged(since: status) else {
                    throw PoolmapError(.changed, "changed while it was read")
                }
                return file
            } catch {
                throw error.of(path)
            }
        }
    }

    let members: [Member]
    let operation: PartJob.Operation

    var job: PartJob { members[0].table.job }

    /// Reads the tables of the files.
    ///
    /// Throws unless they belong together, none is missing, and none is given twice. Blocks.
    ///
    /// - Parameter paths: at least one.
    package init(_ paths: [String]) throws(PoolmapError) {
        var members: [Member] = []
        for path in paths {
            do throws(PoolmapError) {
                let file = try InputFile.open(path: path)
                let (table, byteCount) = try PartTable.read(of: file)
                members.append(Member(path: path, table: table, byteCount: byteCount, status: file.status))
            } catch {
                throw error.of(path)
            }
        }
        members.sort { $0.table.part.number < $1.table.part.number }
        self.members = members
        guard let operation = members[0].table.job.operation else {
            throw PoolmapError(.unsupported, "was made by another version of poolmap").of(members[0].path)
        }
        self.operation = operation
        try requireOneJob()
        try requireAll()
    }

    /// Throws if a target is one of the parts.
    package func requireOthers(than target: String) throws(PoolmapError) {
        guard let status = FileStatus(ofPath: target) else { return }
        if let member = members.first(where: { $0.status.isSameFile(as: status) }) {
            throw PoolmapError(.failed, "is both a part and the target").of(member.path)
        }
    }

    /// Removes the parts; call it once what they are joined to is complete.
    package func remove() throws(PoolmapError) {
        for member in members {
            _ = try member.open().remove()
        }
    }

    private func requireOneJob() throws(PoolmapError) {
        let first = members[0]
        for member in members {
            if member.table.part.count != first.table.part.count {
                throw PoolmapError(
                    .failed,
                    "\(member.path) is one of \(member.table.part.count) parts, but \(first.path) is one of \(first.table.part.count)"
                )
            }
            if let difference = member.table.job.difference(from: first.table.job) {
                throw PoolmapError(
                    .failed, "\(member.path) does not belong to \(first.path): \(difference); make the parts again")
            }
        }
    }

    private func requireAll() throws(PoolmapError) {
        for (member, next) in zip(members, members.dropFirst())
        where member.table.part.number == next.table.part.number {
            throw PoolmapError(
                .failed, "part \(member.table.part.number) is given twice: \(member.path) and \(next.path)")
        }
        let count = members[0].table.part.count
        let present = Set(members.map(\.table.part.number))
        let missing = (1...count).filter { !present.contains($0) }
        if let first = missing.first {
            let others = missing.count > 1 ? ", and \(missing.count - 1) more" : ""
            throw PoolmapError(.failed, "part \(first) of \(count) is missing\(others)")
        }
        var offset: UInt64 = 0
        for member in members {
            guard member.table.range.lowerBound == offset else {
                throw PoolmapError(.damaged, "\(member.path) does not begin where the previous part ends")
            }
            offset = member.table.range.upperBound
        }
        guard offset == job.sharedBytes else {
            throw PoolmapError(.damaged, "\(members[count - 1].path) does not reach the end of the input")
        }
    }
}

extension PoolmapError {
    /// The same error with the name of a file before the message, for an error that is not about the reported input.
    package func of(_ path: String) -> PoolmapError {
        PoolmapError(code, "\(path)\(message.isEmpty ? "" : " \(message)")", errno: errno.map { Errno(rawValue: $0) })
    }
}
