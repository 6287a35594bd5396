import Glibc
import Ground
import SystemPackage

/// What a target's name leads to before it is written.
package struct TargetLook {
    /// The status of the file; nil for a dangling link.
    package let status: FileStatus?
    /// The descriptor that the name stands for or leads to; nil for a file.
    package let descriptor: DescriptorName?

    /// nil if the name does not exist.
    package init?(at path: String, in folder: Folder) {
        let name = lastName(of: path)
        let own = folder.status(of: name, followsLinks: false)
        if own?.isSymbolicLink ?? false {
            let target = (try? folder.link(name)).map { FileName.text(of: $0) }
            descriptor = DescriptorName(path, linkTo: target)
            status = folder.status(of: name, followsLinks: true)
        } else {
            descriptor = DescriptorName(spelled: path)
            status = own
        }
        if status == nil && descriptor == nil && own == nil { return nil }
    }

    /// Whether an earlier run made it from this input, so that it can stay.
    package func isDone(_ policy: OutputPolicy, for input: FileStatus) -> Bool {
        guard policy.leavesDone, !policy.replaces, !policy.removesInput, descriptor == nil, let status else {
            return false
        }
        return status.isRegular && status.modified.tv_sec == input.modified.tv_sec
            && status.modified.tv_nsec == input.modified.tv_nsec
    }

    /// Opens a target that is written directly instead of being replaced; nil for a regular file.
    ///
    /// Throws if the existing file must stay.
    func openAsItIs(
        _ path: String, in folder: Folder, _ policy: OutputPolicy, for input: FileStatus?
    ) throws(PoolmapError) -> FileDescriptor? {
        let action = "cannot write \(path)"
        if let opened = try attempt(action, { () throws(Errno) in try descriptor?.duplicate() }) {
            do throws(PoolmapError) {
                let status = try attempt(action) { () throws(Errno) in try FileStatus(of: opened) }
                try TargetLook.refuse(status, at: path, for: input)
            } catch {
                try? opened.close()
                throw error
            }
            return opened
        }
        try check(path, policy, for: input)
        guard let status, !status.isRegular else { return nil }
        let opened = try attempt(action) { () throws(Errno) in
            try folder.open(lastName(of: path), O_WRONLY | O_NOCTTY)
        }
        // By now the name may lead to another file, which must not be overwritten.
        guard let now = try? FileStatus(of: opened), now.isSameFile(as: status), !now.isRegular else {
            try? opened.close()
            throw PoolmapError(.changed, "\(action): it has just been replaced by another file")
        }
        return opened
    }

    /// Throws if the existing file must stay.
    package func check(_ path: String, _ policy: OutputPolicy, for input: FileStatus?) throws(PoolmapError) {
        guard let status else { return }
        if descriptor != nil, status.isRegular {
            throw PoolmapError(.failed, "cannot write \(path): it leads to a file that another process has open")
        }
        try TargetLook.refuse(status, at: path, for: input)
        if status.isRegular && !policy.replaces {
            throw OutputFile.exists(path)
        }
    }

    /// Throws if the existing file can never be a target, whatever the policy says.
    package static func refuse(_ existing: FileStatus, at path: String, for input: FileStatus?) throws(PoolmapError) {
        if existing.isDirectory {
            throw PoolmapError(.system, "cannot write \(path): it is a directory")
        }
        if let input, existing.isRegular, existing.isSameFile(as: input) {
            throw PoolmapError(.failed, "is both input and output")
        }
    }
}
