import Glibc
import SystemPackage

/// Where the files of a run are, so that none is written twice, and none is written that is an input too.
///
/// Two names are one place when they have one last name in one folder, however its path is spelled. Of each place so
/// much is kept as tells it from all others: 16 bytes.
public struct TargetPlaces {
    private struct Place: Hashable {
        let high: Int
        let low: Int
    }

    private struct Folder {
        let device: dev_t
        let inode: ino_t
    }

    private var targets: Set<Place> = []
    private var inputs: Set<Place> = []
    /// By the bytes of their paths: two strings are one to Swift where only an accent is written in another way.
    private var folders: [[UInt8]: Folder] = [:]
    private static let mostFolders = 256

    /// No places yet.
    public init() {}

    /// Notes an input and its target; throws if one of them is in the way of an earlier one.
    public mutating func claim(input: String, target: String) throws(PoolmapError) {
        let inputPlace = place(of: input)
        let targetPlace = place(of: target)
        if targets.contains(inputPlace) {
            throw PoolmapError(.failed, "is the target of another input of this run")
        }
        if inputs.contains(targetPlace) && inputPlace != targetPlace {
            throw PoolmapError(.failed, "its target \(target) is another input of this run")
        }
        guard targets.insert(targetPlace).inserted else {
            throw PoolmapError(.failed, "its target \(target) is that of another input of this run, too")
        }
        inputs.insert(inputPlace)
    }

    private mutating func place(of path: String) -> Place {
        let folderPath = folderOf(path)
        var high = Hasher()
        var low = Hasher()
        low.combine(0)
        for byte in lastName(of: path).utf8 {
            high.combine(byte)
            low.combine(byte)
        }
        if let folder = folder(folderPath) {
            high.combine(folder.device)
            high.combine(folder.inode)
            low.combine(folder.inode)
        } else {
            high.combine(folderPath)
            low.combine(folderPath)
        }
        return Place(high: high.finalize(), low: low.finalize())
    }

    private mutating func folder(_ path: String) -> Folder? {
        let name = FileName.bytes(of: path)
        if let known = folders[name] { return known }
        guard let status = FileStatus(ofPath: path) else { return nil }
        if folders.count >= TargetPlaces.mostFolders {
            folders.removeAll(keepingCapacity: true)
        }
        let folder = Folder(device: status.device, inode: status.inode)
        folders[name] = folder
        return folder
    }
}

/// What would keep an input from being written to its target, as far as one can see without doing it; nil for nothing.
///
/// - Parameter makesFolder: the target's folder would be made, with all above it.
public func obstacle(
    _ input: Input, _ target: Target, _ policy: OutputPolicy, makesFolder: Bool
) -> PoolmapError? {
    var status: FileStatus?
    if case .file(let path) = input {
        if access(path.cName, R_OK) != 0 { return .system("", Errno(rawValue: errno)) }
        status = FileStatus(ofPath: path)
    }
    guard case .file(let path) = target else { return nil }
    do throws(PoolmapError) {
        if let folder = try? Folder(path: folderOf(path)), let existing = TargetLook(at: path, in: folder) {
            if case .own = existing.descriptor { return nil }
            try existing.check(path, policy, for: status)
            if let existing = existing.status, !existing.isRegular { return nil }
        }
        try requireWritableFolder(of: path, makesFolder: makesFolder)
        return nil
    } catch {
        return error
    }
}

private func requireWritableFolder(of path: String, makesFolder: Bool) throws(PoolmapError) {
    var folder = folderOf(path)
    // What is made is made in the nearest folder that is there.
    while makesFolder, folder != ".", FileStatus(ofPath: folder) == nil, errno == ENOENT {
        let stem = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        folder = stem.isEmpty ? "/" : folderOf(stem)
    }
    let probe = folder.hasSuffix("/") ? folder : folder + "/"
    guard access(probe.cName, W_OK | X_OK) != 0 else { return }
    throw .system("cannot write \(path)", Errno(rawValue: errno))
}
