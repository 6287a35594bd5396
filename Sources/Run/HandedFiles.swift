import Files
import Multiprocessing
import SystemPackage

extension InputFile {
    /// The file as a task passes it to workers; empty for standard input, which workers inherit.
    package var handed: [SharedDescriptor] {
        isOwned ? [shared(descriptor, by: &owner)] : []
    }
}

extension OutputFile {
    /// The file as a task passes it to workers.
    package var handed: SharedDescriptor {
        shared(descriptor, by: &owner)
    }
}

/// Returns the shared descriptor that owns `descriptor`, making it the owner on the first call.
private func shared(_ descriptor: FileDescriptor, by owner: inout AnyObject?) -> SharedDescriptor {
    if let shared = owner as? SharedDescriptor { return shared }
    let shared = SharedDescriptor(owning: descriptor)
    owner = shared
    return shared
}
