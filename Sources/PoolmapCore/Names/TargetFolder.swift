import Glibc
import SystemPackage

/// The folder of `--output-dir`, made with all above it, and the folders in it that targets need.
///
/// The path is the user's word. What is below it is not, unless links are followed: who may write there could lead the
/// targets of another user elsewhere.
public final class TargetFolder {
    /// nil where links are followed.
    let root: Root?
    /// With a slash at its end.
    private let path: String
    private let folder: Folder
    /// The folder that a target was in last.
    private var last: [UInt8] = []

    /// Makes the folder.
    public init(_ path: String, followsLinks: Bool) throws(PoolmapError) {
        self.path = path + "/"
        try TargetFolder.make(self.path[...], in: nil)
        let (folder, status) = try attempt("cannot open the folder \(path)") { () throws(Errno) in
            let folder = try Folder(path: path + "/")
            return (folder, try folder.status())
        }
        self.folder = folder
        root = followsLinks ? nil : Root(path: self.path, status)
    }

    /// Makes the folder that a target in this one is to be in.
    ///
    /// The C function is `mkdirat`.
    public func makeFolder(of target: String) throws(PoolmapError) {
        let wanted = folderPrefix(of: target)
        let bytes = FileName.bytes(of: wanted)
        guard bytes != last else { return }
        let inside = wanted[wanted.utf8.index(wanted.startIndex, offsetBy: path.utf8.count)...]
        if let root {
            try makeBeneath(inside, root)
        } else {
            try TargetFolder.make(inside, in: path)
        }
        last = bytes
    }

    private func makeBeneath(_ inside: Substring, _ root: Root) throws(PoolmapError) {
        var present = folder
        var place = Place(path: path, root: root)
        if (try? folder.folder(beneath: String(inside))) != nil { return }
        do throws(Errno) {
            for part in inside.utf8.split(separator: UInt8(ascii: "/")) {
                let name = String(Substring(part))
                place = Place(path: place.path + name + "/", root: root)
                try present.makeFolder(name)
                present = try present.folder(beneath: name)
            }
        } catch {
            throw place.error("cannot make the folder \(place.path)", error)
        }
    }

    /// Makes the folders of a path one by one, through links as well.
    private static func make(_ path: Substring, in folder: String?) throws(PoolmapError) {
        var end = path.startIndex
        while let slash = path.utf8[end...].dropFirst().firstIndex(of: UInt8(ascii: "/")) {
            end = slash
            let part = (folder ?? "") + path[..<slash]
            try attempt("cannot make the folder \(part)") { () throws(Errno) in
                do throws(Errno) {
                    _ = try retryingInterrupted { mkdir(part.cName, 0o777) }
                } catch .fileExists {
                }
            }
        }
    }
}
