import Glibc
import Ground
import SystemPackage

/// The folder of `--output-dir`, created with its parents, and the folders in it that targets need.
///
/// The user chose the path, and it may have links. Below it, links are followed only on request: another user who may
/// write there could otherwise redirect the targets.
package final class TargetFolder {
    /// nil if links are followed.
    package let root: Root?
    /// With a slash at its end.
    private let path: String
    private let folder: Folder
    /// The folder of the last target.
    private var last: [UInt8] = []

    /// Creates the folder.
    package init(_ path: String, followsLinks: Bool) throws(PoolmapError) {
        self.path = path + "/"
        try TargetFolder.make(self.path[...], in: nil)
        let (folder, status) = try attempt("cannot open the directory \(path)") { () throws(Errno) in
            let folder = try Folder(path: path + "/")
            return (folder, try folder.status())
        }
        self.folder = folder
        root = followsLinks ? nil : Root(path: self.path, status)
    }

    /// Creates the folder of a target below this one, with its parents.
    ///
    /// Folders named like those of the source get their modes, so that the contents of a private folder stay private.
    /// The C function is `mkdirat`.
    package func makeFolder(of target: String, from source: String) throws(PoolmapError) {
        let wanted = folderPrefix(of: target)
        let bytes = FileName.bytes(of: wanted)
        guard bytes != last else { return }
        let inside = wanted[wanted.utf8.index(wanted.startIndex, offsetBy: path.utf8.count)...]
        if let root {
            try makeBeneath(inside, root, source)
        } else {
            try TargetFolder.make(inside, in: path, TargetFolder.modes(of: inside, from: source))
        }
        last = bytes
    }

    /// The modes for the folders of a path, from the outermost on.
    private static func modes(of path: Substring, from source: String) -> [mode_t] {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        var modes = [mode_t](repeating: 0o777, count: parts.count)
        var folder = folderPrefix(of: source)
        for (place, part) in parts.enumerated().reversed() {
            while folder.utf8.last == UInt8(ascii: "/") || lastName(of: folder) == "." {
                folder.unicodeScalars.removeLast()
            }
            var status = stat()
            guard lastName(of: folder) == part, stat(folder.cName, &status) == 0 else { break }
            // This run must be able to write there.
            modes[place] = status.st_mode & 0o1777 | S_IRWXU
            folder = folderPrefix(of: folder)
        }
        return modes
    }

    private func makeBeneath(_ inside: Substring, _ root: Root, _ source: String) throws(PoolmapError) {
        var present = folder
        var place = Place(path: path, root: root)
        if (try? folder.folder(beneath: String(inside))) != nil { return }
        do throws(Errno) {
            let modes = TargetFolder.modes(of: inside, from: source)
            for (part, mode) in zip(inside.utf8.split(separator: UInt8(ascii: "/")), modes) {
                let name = String(Substring(part))
                place = Place(path: place.path + name + "/", root: root)
                try present.makeFolder(name, mode)
                present = try present.folder(beneath: name)
            }
        } catch {
            throw place.error("cannot create the directory \(place.path)", error)
        }
    }

    /// Creates the folders of a path one by one, following links.
    private static func make(_ path: Substring, in folder: String?, _ modes: [mode_t] = []) throws(PoolmapError) {
        var end = path.startIndex
        var modes = modes[...]
        while let slash = path.utf8[end...].dropFirst().firstIndex(of: UInt8(ascii: "/")) {
            end = slash
            let part = (folder ?? "") + path[..<slash]
            let mode = modes.popFirst() ?? 0o777
            try attempt("cannot create the directory \(part)") { () throws(Errno) in
                do throws(Errno) {
                    _ = try retryingInterrupted { mkdir(part.cName, mode) }
                } catch .fileExists {
                }
            }
        }
    }
}
