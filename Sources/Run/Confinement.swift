import CPoolmap
import Glibc
import Multiprocessing

/// Which files the workers of a run open by their names; all others are handed to them.
package struct NameReach: Sendable {
    /// What they read is in these folders, or below; nil for anywhere.
    package var inputs: [String]?
    /// What they make, replace or remove is in these folders, or below; nil for anywhere.
    package var targets: [String]?

    /// Names in these folders, or below.
    package init(inputs: [String]?, targets: [String]?) {
        self.inputs = inputs
        self.targets = targets
    }

    /// Workers are given no names.
    package static let nothing = NameReach(inputs: [], targets: [])
    /// Workers read files of any name.
    package static let reading = NameReach(inputs: nil, targets: [])
}

/// What keeps workers from all but their work.
///
/// Workers decode bytes of strangers. Each shuts itself in before its first task: docs/security.md says what it can do
/// afterwards. Where the kernel, or whoever this program was started by, does not let it, it works all the same.
package struct Confinement: Equatable, Sendable {
    /// System calls are filtered.
    package let hasSeccomp: Bool
    /// The folders are limited.
    package let hasLandlock: Bool
    /// Why one of them is missing; nil where none is.
    package let errno: Int32?

    /// Shuts the calling process in, which has one thread, for ever.
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
        // An empty list is a limit too, and has an address.
        let ended: [UnsafePointer<CChar>?] = names.map { $0.map { UnsafePointer($0) } } + [nil]
        return ended.withUnsafeBufferPointer { body(poolmap_folders(paths: $0.baseAddress, count: paths.count)) }
    }

    /// As it was noted in memory that processes share.
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

    /// Where workers note what is in force for them.
    struct Note {
        private static let isWritten: UInt64 = 1 << 16
        private let word: SharedAtomic<UInt64>

        init() throws(MultiprocessingError) {
            word = try SharedAtomic(0)
        }

        func write(_ confinement: Confinement) {
            word.store(confinement.bits | Note.isWritten)
        }

        /// nil before the first worker has written.
        var confinement: Confinement? {
            let bits = word.load()
            return bits & Note.isWritten == 0 ? nil : Confinement(bits: bits)
        }
    }
}
