import Files
import Multiprocessing
import SystemPackage

extension InputFile {
    /// How workers have the file: nothing of standard input, which they have from their birth.
    package var handed: [SharedDescriptor] {
        isOwned ? [shared(descriptor, by: &owner)] : []
    }
}

extension OutputFile {
    /// How workers have the file.
    package var handed: SharedDescriptor {
        shared(descriptor, by: &owner)
    }
}

/// What owns the descriptor from now on.
private func shared(_ descriptor: FileDescriptor, by owner: inout AnyObject?) -> SharedDescriptor {
    if let shared = owner as? SharedDescriptor { return shared }
    let shared = SharedDescriptor(owning: descriptor)
    owner = shared
    return shared
}
