import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files
@testable import Ground

/// Where a target may be, what may exist there already, and when it appears.
@Suite struct TargetPlaceTests {
    private func make(_ path: String, _ text: String = "old", mode: mode_t = 0o644) throws {
        let file = try openFile(path, O_CREAT | O_WRONLY | O_TRUNC, mode)
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }

    private func text(_ path: String) -> String? {
        guard let stream = fopen(path, "r") else { return nil }
        defer { fclose(stream) }
        return String(
            decoding: [UInt8](unsafeUninitializedCapacity: 1 << 12) { $1 = fread($0.baseAddress, 1, 1 << 12, stream) },
            as: UTF8.self)
    }

    private func names(in folder: String) -> [String] {
        guard let opened = try? openFile(folder, O_RDONLY | O_DIRECTORY) else { return [] }
        defer { try? opened.close() }
        guard var names = try? FolderNames(of: opened) else { return [] }
        var all: [String] = []
        while let (name, _) = names.next() { all.append(name) }
        return all
    }

    private func code(_ body: () throws -> Void) -> PoolmapError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? PoolmapError)?.code
        }
    }

    private func replacing() -> OutputPolicy {
        var policy = OutputPolicy()
        policy.force = true
        return policy
    }

    // MARK: All or nothing

    @Test func aFileAppearsWithItsCommitAndNotBefore() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/t"
            do {
                let file = try LineFile(path: path, force: false)
                try file.write(Array("never seen".utf8))
                #expect(text(path) == nil)
            }
            #expect(names(in: folder).isEmpty)
            let file = try LineFile(path: path, force: false)
            try file.write(Array("line\n".utf8))
            try file.commit()
            #expect(text(path) == "line\n")
            #expect(names(in: folder) == ["t"])
        }
    }

    @Test func anOlderFileStaysUntilTheCommitAndForGoodWithoutForce() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/t"
            try make(path)
            #expect(code { _ = try LineFile(path: path, force: false) } == .targetExists)
            do {
                let file = try LineFile(path: path, force: true)
                try file.write(Array("new".utf8))
            }
            #expect(text(path) == "old")
            let file = try LineFile(path: path, force: true)
            try file.write(Array("new".utf8))
            #expect(text(path) == "old")
            try file.commit()
            #expect(text(path) == "new")
            #expect(names(in: folder) == ["t"])
        }
    }

    @Test func aFileThatHasAppearedMeanwhileIsNotReplacedWithoutForce() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/t"
            let file = try LineFile(path: path, force: false)
            try file.write(Array("new".utf8))
            try make(path)
            #expect(code { try file.commit() } == .targetExists)
            #expect(text(path) == "old")
            #expect(names(in: folder) == ["t"])
        }
    }

    @Test func aFileWithAnotherSizeThanWasWrittenGetsNoName() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/t"
            let file = try OutputFile(Place(path: path), OutputPolicy(), for: nil)
            try [1, 2, 3].withUnsafeBytes { try file.write($0, at: 0) }
            #expect(code { _ = try file.commit(of: nil, inputBytes: 0, outputBytes: 1 << 20) } != nil)
            #expect(text(path) == nil)
        }
    }

    @Test func aTargetThatIsNotARegularFileIsWrittenDirectly() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/pipe"
            try #require(mkfifo(path, 0o600) == 0)
            let reader = try openFile(path, O_RDONLY | O_NONBLOCK)
            defer { try? reader.close() }
            let file = try LineFile(path: path, force: false)
            try file.write(Array("line\n".utf8))
            try file.commit()
            var space = [UInt8](repeating: 0, count: 100)
            #expect(read(reader.rawValue, &space, 100) == 5)
            #expect(FileStatus(ofPath: path)?.isPipe == true)
            #expect(names(in: folder) == ["pipe"])
        }
    }

    @Test func aFolderIsNotATarget() throws {
        try withTemporaryFolder { folder in
            for force in [false, true] {
                #expect(code { _ = try LineFile(path: folder, force: force) } == .system)
                #expect(code { _ = try LineFile(path: folder + "/none/t", force: force) } == .system)
            }
        }
    }

    // MARK: Obstacles

    @Test func anObstacleIsFoundBeforehandAndMatchesTheRun() throws {
        try withTemporaryFolder { folder in
            try make(folder + "/in")
            try make(folder + "/there")
            try #require(link(folder + "/in", folder + "/linked") == 0)
            try #require(symlink("nowhere", folder + "/dangling") == 0)
            let input = Input.file(folder + "/in")
            func seen(_ target: String, _ policy: OutputPolicy = OutputPolicy(), makesFolder: Bool = false)
                -> PoolmapError?
            {
                obstacle(input, .file(folder + "/" + target), policy, makesFolder: makesFolder)
            }
            #expect(seen("new") == nil)
            #expect(obstacle(input, .standardOutput, OutputPolicy(), makesFolder: false) == nil)
            #expect(obstacle(.standardInput, .file(folder + "/new"), OutputPolicy(), makesFolder: false) == nil)
            #expect(
                obstacle(.file(folder + "/none"), .nowhere, OutputPolicy(), makesFolder: false)?.isMissingFile == true)
            #expect(seen("there")?.code == .targetExists)
            #expect(seen("there", replacing()) == nil)
            #expect(seen("linked", replacing())?.message == "is both input and output")
            #expect(seen("", replacing())?.code == .system)
            #expect(seen("made/t")?.isMissingFile == true)
            #expect(seen("made/deep//t", makesFolder: true) == nil)
            #expect(seen("in/t", makesFolder: true)?.errno == ENOTDIR)
            #expect(obstacle(input, .file("/dev/null"), OutputPolicy(), makesFolder: false) == nil)
            #expect(names(in: folder) == ["dangling", "in", "linked", "there"])
        }
    }

    // MARK: --output-dir

    @Test func targetFoldersGetTheModesOfTheSourceFolders() throws {
        try withTemporaryFolder { folder in
            try #require(mkdir(folder + "/src", 0o755) == 0)
            try #require(mkdir(folder + "/src/private", 0o700) == 0)
            let target = try TargetFolder(folder + "/out/deep", followsLinks: false)
            #expect(FileStatus(ofPath: folder + "/out/deep")?.isDirectory == true)
            try target.makeFolder(of: folder + "/out/deep/src/private/f", from: folder + "/src/private/f")
            #expect(FileStatus(ofPath: folder + "/out/deep/src/private")?.permissions == 0o700)
            // Again, and if part of it exists.
            try target.makeFolder(of: folder + "/out/deep/src/private/g", from: folder + "/src/private/g")
            try target.makeFolder(of: folder + "/out/deep/src/other/g", from: "elsewhere/g")
            #expect(FileStatus(ofPath: folder + "/out/deep/src/other")?.isDirectory == true)
        }
    }

    @Test func aLinkLeadsOutOfTheFolderOnlyIfLinksAreFollowed() throws {
        try withTemporaryFolder { folder in
            for path in ["/out", "/outside"] { try #require(mkdir(folder + path, 0o755) == 0) }
            try #require(symlink("../outside", folder + "/out/link") == 0)
            let path = folder + "/out/link/new/f"
            let strict = try TargetFolder(folder + "/out", followsLinks: false)
            #expect(code { try strict.makeFolder(of: path, from: "f") } == .changed)
            #expect(names(in: folder + "/outside").isEmpty)
            let lenient = try TargetFolder(folder + "/out", followsLinks: true)
            try lenient.makeFolder(of: path, from: "f")
            #expect(names(in: folder + "/outside") == ["new"])
        }
    }

    @Test func aFileInPlaceOfAFolderIsAnError() throws {
        try withTemporaryFolder { folder in
            try make(folder + "/file")
            #expect(code { _ = try TargetFolder(folder + "/file/out", followsLinks: false) } == .system)
            let target = try TargetFolder(folder + "/out", followsLinks: false)
            try make(folder + "/out/file")
            #expect(code { try target.makeFolder(of: folder + "/out/file/f", from: "file/f") } == .system)
        }
    }

    // MARK: Names of descriptors

    private enum Meaning: Equatable {
        case own(Int32), closed, foreign, none

        init(_ name: DescriptorName?) {
            switch name {
            case .own(let number): self = .own(number)
            case .closed: self = .closed
            case .foreign: self = .foreign
            case nil: self = .none
            }
        }
    }

    @Test func everySpellingOfAnOpenDescriptorIsRecognized() throws {
        // Like one that this process was started with.
        let number = dup(1)
        defer { close(number) }
        let other = getppid()
        let spellings: [(String, Meaning)] = [
            ("/dev/fd/\(number)", .own(number)), ("//dev/./fd//\(number)", .own(number)),
            ("/proc/self/fd/\(number)", .own(number)), ("/proc/thread-self/fd/\(number)", .own(number)),
            ("/proc/\(getpid())/fd/\(number)", .own(number)), ("/proc/self/task/7/fd/\(number)", .own(number)),
            ("/dev/fd/1000003", .closed), ("/proc/\(other)/fd/1", .foreign),
            ("dev/fd/\(number)", .none), ("/dev/fd/+\(number)", .none), ("/dev/fd/", .none), ("/dev/fd", .none),
            ("/dev/fd/\u{661}", .none), ("/dev/fd/99999999999", .none), ("/dev/stdout/1", .none),
            ("/tmp/dev/fd/1", .none), ("/dev/null", .none), ("", .none), ("/", .none),
        ]
        for (path, meaning) in spellings {
            #expect(Meaning(DescriptorName(spelled: path)) == meaning, "\(path)")
        }
        // One that this process has opened itself does not count.
        let own = fcntl(1, F_DUPFD_CLOEXEC, 0)
        defer { close(own) }
        #expect(Meaning(DescriptorName(spelled: "/dev/fd/\(own)")) == .closed)
    }

    @Test func linksToAnOpenDescriptorAreFollowedAsFarAsTheKernelWould() throws {
        let number = dup(1)
        defer { close(number) }
        try withTemporaryFolder { folder in
            let links = [
                ("a", "b"), ("b", "\(folder)/c"), ("c", "/dev/fd/\(number)"), ("list", "/proc/self/fd"),
                ("loop", "loop"),
                ("file", "there"), ("none", "nowhere"),
            ]
            for (name, target) in links { try #require(symlink(target, "\(folder)/\(name)") == 0) }
            try make(folder + "/there")
            #expect(descriptorNumber(ofTarget: folder + "/a") == number)
            #expect(descriptorNumber(ofTarget: folder + "/list/\(number)") == number)
            for name in ["loop", "file", "none", "missing", "list/x", "list/1000003"] {
                #expect(descriptorNumber(ofTarget: "\(folder)/\(name)") == nil, "\(name)")
            }
        }
    }
}
