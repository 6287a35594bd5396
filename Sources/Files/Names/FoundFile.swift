import Ground

/// A file that was found.
package struct FoundFile {
    /// How it is opened, and what it is called in messages.
    package let path: String
    /// Its path from the folder on that was named, whose own last name it begins with; nil where it was named itself.
    package let pathInTree: String?
    /// What is known of it already.
    package var status: FileStatus?
    /// The name stands for a descriptor of this process, as `/dev/stdin`: in another process it is another file.
    package internal(set) var isDescriptor = false
    /// It is in every share, and only a part of it is to be done.
    package internal(set) var isSplit = false
    /// Which of all names of the run it is, from 0; nil where they are not counted.
    package internal(set) var ordinal: UInt64?
    /// What it must still be when it is opened; nil where any file of that name will do.
    package var identity: FileIdentity?
    /// The folder that was named, where no link is to be followed below it.
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
    /// The target is in the same tree, or in another one that has been made.
    package mutating func putTarget(in folder: TargetFolder?) {
        targetRoot = root == nil ? nil : folder.map(\.root) ?? root
    }
}
