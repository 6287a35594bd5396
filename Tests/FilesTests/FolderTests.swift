import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files
@testable import Ground

@Suite struct FolderTests {
    /// Calls `body` with a fresh folder that contains `tree/a/file` and `outside/file`, and a link `tree/link` to the
    /// latter's folder; removes everything afterwards.
    private func withTree(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            for path in ["tree", "tree/a", "outside"] { #expect(mkdir("\(folder)/\(path)", 0o755) == 0) }
            for path in ["tree/a/file", "outside/file"] {
                try openFile("\(folder)/\(path)", O_CREAT | O_WRONLY, 0o644).close()
            }
            #expect(symlink("../outside", "\(folder)/tree/link") == 0)
            try body(folder)
        }
    }

    private func expect(_ error: Errno, from body: () throws -> Void) {
        #expect(throws: error) { try body() }
    }

    @Test func nothingBeneathAFolderLeadsOutOfIt() throws {
        try withTree { folder in
            let tree = try Folder(path: folder + "/tree")
            for path in ["a/file", "a//file", "a/./file"] {
                try tree.open(beneath: path, O_RDONLY).close()
            }
            let (own, beneath) = (try tree.status(), try tree.folder(beneath: "").status())
            #expect(beneath.isSameFile(as: own))
            let inner = try tree.folder(beneath: "a/").status()
            #expect(inner.isDirectory && !inner.isSameFile(as: own))
            expect(.tooManySymbolicLinkLevels) { _ = try tree.open(beneath: "link/file", O_RDONLY) }
            expect(.tooManySymbolicLinkLevels) { _ = try tree.folder(beneath: "link/") }
            expect(.improperLink) { _ = try tree.open(beneath: "../outside/file", O_RDONLY) }
            expect(.improperLink) { _ = try tree.open(beneath: "\(folder)/outside/file", O_RDONLY) }
            expect(.noSuchFileOrDirectory) { _ = try tree.open(beneath: "a/none", O_RDONLY) }
            expect(.notDirectory) { _ = try tree.open(beneath: "a/file/none", O_RDONLY) }
        }
    }

    @Test func aReplacedTreeIsNotEntered() throws {
        try withTree { folder in
            let path = folder + "/tree/"
            let root = Root(path: path, try #require(FileStatus(ofPath: path)))
            let place = Place(path: path + "a/file", root: root)
            try FolderCache().open(place, O_RDONLY).close()
            #expect(rename(folder + "/tree", folder + "/away") == 0)
            #expect(mkdir(folder + "/tree", 0o755) == 0 && mkdir(folder + "/tree/a", 0o755) == 0)
            #expect(link(folder + "/away/a/file", folder + "/tree/a/file") == 0)
            expect(.improperLink) { _ = try FolderCache().open(place, O_RDONLY) }
            #expect(place.error("", .improperLink).code == .changed)
            for name in ["a/file", "a", ""] { Glibc.remove("\(folder)/tree/\(name)") }
            #expect(rename(folder + "/away", folder + "/tree") == 0)
        }
    }

    @Test func aNameIsRemovedOnlyIfItLeadsToTheRightFile() throws {
        try withTree { folder in
            let place = Place(path: folder + "/outside/file", root: nil)
            func removes(if isIt: (FileStatus) -> Bool) throws -> Bool {
                try FolderCache().remove(place, if: isIt)
            }
            let another = try removes { _ in false }
            #expect(!another && FileStatus(ofPath: place.path) != nil)
            let own = try removes { $0.isRegular }
            #expect(own && FileStatus(ofPath: place.path) == nil)
            let gone = try removes { _ in true }
            #expect(!gone)
        }
    }

    @Test func aRenameWithoutReplacementKeepsTheExistingFile() throws {
        try withTree { folder in
            let outside = try Folder(path: folder + "/outside")
            let own = try #require(outside.status(of: "file", followsLinks: false))
            try outside.rename("file", to: "new", path: folder + "/outside/new", OutputPolicy())
            #expect(outside.status(of: "new", followsLinks: false)?.isSameFile(as: own) ?? false)
            try outside.open("file", O_CREAT | O_WRONLY, 0o644).close()
            expect(.fileExists) {
                try outside.rename("file", to: "new", path: folder + "/outside/new", OutputPolicy())
            }
            #expect(outside.status(of: "new", followsLinks: false)?.isSameFile(as: own) ?? false)
            try outside.remove("new")
        }
    }

    @Test func descriptorNamesAreRecognizedInAnySpelling() throws {
        func number(_ path: String) -> Int32? {
            if case .own(let number) = DescriptorName(spelled: path) { return number }
            return nil
        }
        for path in [
            "/dev/stdout", "//dev//stdout", "/dev/./stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1",
            "/proc/\(getpid())/fd/1", "/proc/self/task/\(getpid())/fd/1",
        ] {
            #expect(number(path) == 1, "\(path)")
        }
        #expect(number("/dev/stderr") == 2)
        for path in [
            "/dev/null", "/dev/fd", "/dev/fd/", "/dev/fd/x", "/dev/fd/1x", "/dev/fd/-1", "/dev/fd/1/2", "dev/stdout",
            "/tmp/dev/stdout", "/dev/stdout.zst", "/proc/self/fdinfo/1", "/", "",
        ] {
            #expect(DescriptorName(spelled: path) == nil, "\(path)")
        }
        // One that this process has opened itself, and one that is not open.
        let own = try FileDescriptor.open("/dev/null", .readOnly, options: .closeOnExec)
        defer { try? own.close() }
        for path in ["/dev/fd/\(own.rawValue)", "/dev/fd/99999"] {
            guard case .closed = DescriptorName(spelled: path) else {
                Issue.record("\(path)")
                continue
            }
        }
        guard case .foreign = DescriptorName(spelled: "/proc/1/fd/1") else {
            Issue.record("another process's")
            return
        }
    }
}
