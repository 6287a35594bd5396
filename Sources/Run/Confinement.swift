import CPoolmap
import Glibc
import Multiprocessing

/// The files that a run's workers open by name; all other files are passed to them open.
package struct NameReach: Sendable {
    /// Folders at or below which workers read; nil for anywhere.
    package var inputs: [String]?
    /// Folders at or below which workers create, replace or remove files; nil for anywhere.
    package var targets: [String]?

    /// Limits workers to names at or below these folders.
    package init(inputs: [String]?, targets: [String]?) {
        self.inputs = inputs
        self.targets = targets
    }

    /// Workers open nothing by name.
    package static let nothing = NameReach(inputs: [], targets: [])
    /// Workers may read any file.
    package static let reading = NameReach(inputs: nil, targets: [])
}

/// The sandbox of a worker process.
///
/// Workers decode untrusted data, so each confines itself before its first task; docs/security.md says what it can do
/// afterwards. Where the kernel, or an outer sandbox, does not allow this, the worker runs without.
package struct Confinement: Equatable, Sendable {
    /// Whether system calls are filtered.
    package let hasSeccomp: Bool
    /// Whether access to folders is limited.
    package let hasLandlock: Bool
    /// Why one of them is missing; nil if neither is.
    package let errno: Int32?

    /// Confines the calling process permanently; it must have one thread.
    ///
    /// The C functions are `landlock_restrict_self` and `seccomp`.
    static func enter(_ reach: NameReach) -> Confinement {
        var rights: UInt32 = 0
        if reach.inputs?.isEmpty != true { rights |= UInt32(POOLMAP_MAY_READ) }
        if reach.targets?.isEmpty != true { rights |= UInt32(POOLMAP_MAY_READ | POOLMAP_MAY_WRITE) }
        var error: Int32 = 0
        let inForce = withFolders(reach.inputs) { inputs in
            withFolders(reach.targets) { targets in poolmap_confine(rights, inputs, targets, &error) }
        }
        return Confinement(bits: UInt64(UInt32(bitPattern: inForce)) | UInt64(UInt32(bitPattern: error)) << 32)
    }

    private static func withFolders<Result>(_ paths: [String]?, _ body: (poolmap_folders) -> Result) -> Result {
        guard let paths else { return body(poolmap_folders(paths: nil, count: 0)) }
        let names = paths.map { $0.cName.withUnsafeBufferPointer { $0.baseAddress.flatMap { strdup($0) } } }
        defer { names.forEach { free($0) } }
        // An empty list is a limit too, so it needs an address.
        let ended: [UnsafePointer<CChar>?] = names.map { $0.map { UnsafePointer($0) } } + [nil]
        return ended.withUnsafeBufferPointer { body(poolmap_folders(paths: $0.baseAddress, count: paths.count)) }
    }

    /// Decodes the form kept in shared memory.
    private init(bits: UInt64) {
        hasSeccomp = bits & UInt64(POOLMAP_HAS_SECCOMP) != 0
        hasLandlock = bits & UInt64(POOLMAP_HAS_LANDLOCK) != 0
        let error = Int32(truncatingIfNeeded: bits >> 32)
        errno = error == 0 ? nil : error
    }

    private var bits: UInt64 {
        (hasSeccomp ? UInt64(POOLMAP_HAS_SECCOMP) : 0) | (hasLandlock ? UInt64(POOLMAP_HAS_LANDLOCK) : 0)
            | UInt64(UInt32(bitPattern: errno ?? 0)) << 32
    }

    /// Shared memory in which workers note which limits are in force.
    struct Note {
        private static let isWritten: UInt64 = 1 << 16
        private let word: SharedAtomic<UInt64>

        init() throws(MultiprocessingError) {
            word = try SharedAtomic(0)
        }

        func write(_ confinement: Confinement) {
            word.store(confinement.bits | Note.isWritten)
        }

        /// nil until the first worker has written.
        var confinement: Confinement? {
            let bits = word.load()
            return bits & Note.isWritten == 0 ? nil : Confinement(bits: bits)
        }
    }
}
