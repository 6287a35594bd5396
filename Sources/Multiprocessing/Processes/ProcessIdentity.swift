import CMultiprocessing
import Glibc
import SystemPackage

/// A process's name and position among its relatives.
struct ProcessIdentity: Codable {
    let name: String
    let isDaemon: Bool
    /// The ordinal of this child, preceded by its parent's, and so on; empty for the program itself.
    let path: [Int]
    let parentName: String
    let parentPID: Int32

    /// The identity of the calling process.
    ///
    /// Set once in a child, before it does anything.
    nonisolated(unsafe) static var current = ProcessIdentity(
        name: "MainProcess", isDaemon: false, path: [], parentName: "", parentPID: 0)

    // The number of children so far; only a process's main thread makes processes.
    nonisolated(unsafe) private static var childCount = 0

    /// The identity of a new child.
    ///
    /// Numbers it, and if it has no name calls it `Process-N`, after its parent's numbers: `Process-1:2` is the second
    /// child of the first.
    func child(named name: String?, isDaemon: Bool) -> ProcessIdentity {
        ProcessIdentity.childCount += 1
        let path = path + [ProcessIdentity.childCount]
        return ProcessIdentity(
            name: name ?? "Process-" + path.map(String.init).joined(separator: ":"), isDaemon: isDaemon, path: path,
            parentName: self.name, parentPID: getpid())
    }

    /// The identity of a process that the library starts for its own use.
    ///
    /// It does not change the numbering of the program's children. A daemon is killed with this process; the others
    /// make sure themselves that they end.
    func helper(named name: String, isDaemon: Bool = true) -> ProcessIdentity {
        ProcessIdentity(
            name: name, isDaemon: isDaemon, path: path + [0], parentName: self.name, parentPID: getpid())
    }

    /// In the child.
    static func become(_ identity: ProcessIdentity) {
        current = identity
        childCount = 0
        _ = mp_set_process_name(identity.name)
    }
}
