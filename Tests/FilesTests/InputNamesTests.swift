import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files

/// The files that names lead to, one by one and in bundles.
@Suite struct InputNamesTests {
    /// Calls `body` with a folder that contains the files `b`, `a.zst` and `sub/c`, and the link `soft` to `b`.
    private func withTree(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try #require(mkdir("\(folder)/sub", 0o755) == 0)
            for name in ["b", "a.zst", "sub/c"] { try write(name, to: "\(folder)/\(name)") }
            try #require(symlink("b", "\(folder)/soft") == 0)
            try body(folder)
        }
    }

    private func write(_ text: String, to path: String) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644))
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }

    /// All steps, one word each, without the folder.
    private func steps(_ names: InputNames, in folder: String) -> [String] {
        var names = names
        var words: [String] = []
        while true {
            switch names.next() {
            case .file(let file): words.append(String(file.path.dropFirst(folder.count + 1)))
            case .standardInput: words.append("-")
            case .refused(let name, _): words.append("refused " + name.dropFirst(folder.count + 1))
            case .ignoredLink(let name): words.append("link " + name.dropFirst(folder.count + 1))
            case .waitForInput: words.append("wait")
            case .end: return words
            }
        }
    }

    @Test func aFolderIsRefusedUnlessItsFilesAreWanted() throws {
        try withTree { folder in
            let source = [InputNames.Source.name(folder)]
            #expect(steps(InputNames(source), in: folder) == ["refused "])
            let tree = InputNames(source, folders: .without([]), followsLinks: false)
            #expect(steps(tree, in: folder) == ["a.zst", "b", "sub/c"])
        }
    }

    @Test func suffixesSelectFilesInAFolderButNotNamedOnes() throws {
        try withTree { folder in
            let sources = [InputNames.Source.name("\(folder)/a.zst"), .name(folder)]
            let without = InputNames(sources, folders: .without([".zst"]), followsLinks: false)
            #expect(steps(without, in: folder) == ["a.zst", "b", "sub/c"])
            let with = InputNames(sources, folders: .with([".zst"]), followsLinks: false)
            #expect(steps(with, in: folder) == ["a.zst", "a.zst"])
            let passingOver = InputNames(sources, folders: .with([".zst"]), followsLinks: false, passingOver: [".zst"])
            #expect(steps(passingOver, in: folder) == ["a.zst"])
        }
    }

    @Test func aLinkIsSkippedUnlessLinksAreFollowed() throws {
        try withTree { folder in
            let source = [InputNames.Source.name("\(folder)/soft")]
            #expect(steps(InputNames(source, followsLinks: false), in: folder) == ["link soft"])
            #expect(steps(InputNames(source, followsLinks: true), in: folder) == ["soft"])
            #expect(InputNames.file("\(folder)/soft", followsLinks: false) == nil)
        }
    }

    @Test func argumentsAndListsComeInOrderIncludingMissingFiles() throws {
        try withTree { folder in
            try write("\(folder)/b\n\n\(folder)/gone\n", to: "\(folder)/list")
            let sources: [InputNames.Source] = [
                .name("\(folder)/sub/c"), .list(path: "\(folder)/list", isNullSeparated: false), .name("-"),
            ]
            let words = steps(InputNames(sources), in: folder)
            #expect(words == ["sub/c", "b", "refused gone", "-"])
        }
    }

    @Test func bundlesHaveTheSameNamesAsSingleSteps() throws {
        try withTree { folder in
            for most in 1...4 {
                var names = InputNames([.name(folder)], folders: .without([]), followsLinks: false)
                var found: [String] = []
                func take(_ step: InputNames.Step?) -> Bool {
                    guard case .file(let file)? = step else { return false }
                    found.append("\(file.path.dropFirst(folder.count + 1)) \(file.pathInTree ?? "")")
                    return true
                }
                repeat {
                    while let bundle = names.nextNames(atMost: most) {
                        #expect(bundle.count <= most)
                        bundle.forEach { _, name in take(names.step(of: name, bundle)) }
                    }
                    // A step that cannot be in a bundle comes by itself.
                } while take(names.next())
                let tree = lastName(of: folder)
                #expect(found == ["a.zst \(tree)/a.zst", "b \(tree)/b", "sub/c \(tree)/sub/c"], "\(most) at a time")
                #expect(!names.hasMore)
            }
        }
    }

    @Test func aNameInABundleThatIsNotAnInputIsReported() throws {
        try withTree { folder in
            var names = InputNames([.name("\(folder)/b"), .name("\(folder)/gone")], followsLinks: false)
            let next = names.nextNames(atMost: 8)
            let bundle = try #require(next)
            #expect(bundle.count == 2)
            var words: [String] = []
            bundle.forEach { _, name in
                switch names.step(of: name, bundle) {
                case .file?: words.append("file")
                case .refused?: words.append("refused")
                default: words.append("other")
                }
                return true
            }
            #expect(words == ["file", "refused"])
        }
    }

    @Test func aPartOfABundleHasItsNamesAndTheirNumbers() {
        var bundle = NameBundle(NameBundle.Origin())
        bundle.firstNote = 10
        bundle.firstLine = 7
        for name in ["one", "", "three", "four"] {
            Array(name.utf8).withUnsafeBytes { bundle.append($0) }
        }
        let part = bundle.part(1..<3)
        #expect(part.count == 2)
        #expect(part.name(at: 0).isEmpty)
        #expect(part.name(at: 1) == Array("three".utf8))
        #expect(part.firstNote == 11)
        #expect(part.firstLine == 8)
        #expect(bundle.part(4..<4).isEmpty)
    }
}
