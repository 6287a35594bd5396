import Glibc
import Ground
import SystemPackage

/// What is at a target's name before it is written.
package struct TargetLook {
    /// What the name leads to; nil for a link to nothing.
    package let status: FileStatus?
    /// The descriptor that it stands for or leads to; nil for a file.
    package let descriptor: DescriptorName?

    /// nil where there is nothing.
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

    /// Whether an earlier run has made it of an input, and it can stay.
    package func isDone(_ policy: OutputPolicy, for input: FileStatus) -> Bool {
        guard policy.leavesDone, !policy.replaces, !policy.removesInput, descriptor == nil, let status else {
            return false
        }
        return status.isRegular && status.modified.tv_sec == input.modified.tv_sec
            && status.modified.tv_nsec == input.modified.tv_nsec
    }

    /// Opens what is not replaced, but written as it is; nil for a regular file, which may be replaced.
    ///
    /// Throws if what is there must stay.
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
        // Its name, or a link's target, may be another file's by now, which nobody wants overwritten.
        guard let now = try? FileStatus(of: opened), now.isSameFile(as: status), !now.isRegular else {
            try? opened.close()
            throw PoolmapError(.changed, "\(action): it was replaced by another file just now")
        }
        return opened
    }

    /// Throws if what is there must stay.
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

    /// Throws if what the path leads to can be no target, whether it may be replaced or not.
    package static func refuse(_ existing: FileStatus, at path: String, for input: FileStatus?) throws(PoolmapError) {
        if existing.isDirectory {
            throw PoolmapError(.system, "cannot write \(path): it is a directory")
        }
        if let input, existing.isRegular, existing.isSameFile(as: input) {
            throw PoolmapError(.failed, "is both input and output")
        }
    }
}
