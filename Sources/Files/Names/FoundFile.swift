import Ground

/// An input file that was found.
package struct FoundFile {
    /// The path to open, which messages show, too.
    package let path: String
    /// Its path within a tree, beginning with the last name of the folder that was named; nil if the file itself was
    /// named.
    package let pathInTree: String?
    /// Its status, if it is known already.
    package var status: FileStatus?
    /// Whether the name stands for a descriptor of this process, such as `/dev/stdin`, and means another file in
    /// another process.
    package internal(set) var isDescriptor = false
    /// Whether it is divided among all shares, so that only a part of it must be done.
    package internal(set) var isSplit = false
    /// Its number among all names of the run, from 0; nil if they are not counted.
    package internal(set) var ordinal: UInt64?
    /// The identity that it must have when it is opened; nil if any file of that name will do.
    package var identity: FileIdentity?
    /// The named folder below which no link may be followed; nil if links may be.
    package var root: Root?
    /// The same for the target.
    package var targetRoot: Root?

    package init(
        path: String, pathInTree: String?, status: FileStatus? = nil, isDescriptor: Bool = false,
        identity: FileIdentity? = nil, root: Root? = nil, targetRoot: Root? = nil
    ) {
        self.path = path
        self.pathInTree = pathInTree
        self.status = status
        self.isDescriptor = isDescriptor
        self.identity = identity
        self.root = root
        self.targetRoot = targetRoot
    }

    package var place: Place { Place(path: path, root: root) }
}

extension FoundFile {
    /// Records that the target is in the given folder, or else in the same tree as the file.
    package mutating func putTarget(in folder: TargetFolder?) {
        targetRoot = root == nil ? nil : folder.map(\.root) ?? root
    }
}
