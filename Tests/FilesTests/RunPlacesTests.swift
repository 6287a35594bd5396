import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files
@testable import Ground

@Suite struct RunPlacesTests {
    /// Calls `body` with a fresh folder that contains the files `a` and `b` and a link `soft` to `a`.
    private func withFolder(_ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b"] {
                let file = try FileDescriptor.open(
                    "\(folder)/\(name)", .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644))
                try file.closeAfter { _ = try file.writeAll(name.utf8) }
            }
            try #require(symlink("a", "\(folder)/soft") == 0)
            try body(folder)
        }
    }

    private func found(_ path: String) throws -> FoundFile {
        try #require(InputNames.file(path, followsLinks: true))
    }

    @Test func twoOptionsCannotWriteTheSameFileInAnySpelling() throws {
        try withFolder { folder in
            for (one, other) in [("new", "./new"), ("a", "soft"), ("soft", "a")] {
                let places = RunPlaces()
                try places.add(written: "\(folder)/\(one)", by: "--report")
                #expect(throws: PoolmapError.self) { try places.add(written: "\(folder)/\(other)", by: "--trace") }
                #expect(throws: PoolmapError.self) { try places.add(read: "\(folder)/\(other)", by: "--check") }
                try places.add(written: "\(folder)/b", by: "--depfile")
            }
        }
    }

    @Test func filesMayBeReadTwiceAndDevicesNeverCollide() throws {
        try withFolder { folder in
            let places = RunPlaces()
            try places.add(read: "\(folder)/a", by: "--files-from")
            try places.add(read: "\(folder)/a", by: "--check")
            try places.require(input: "\(folder)/a")
            try places.add(written: "/dev/null", by: "--report")
            try places.add(written: "/dev/null", by: "--trace")
            #expect(!places.mustStay(fileOf: "--report"))
        }
    }

    @Test func anInputThatAnOptionNamesIsRefusedAndTheOptionsFileMustStay() throws {
        try withFolder { folder in
            let places = RunPlaces()
            try places.add(written: "\(folder)/soft", by: "--report")
            try places.require(input: try found("\(folder)/b"))
            #expect(!places.mustStay(fileOf: "--report"))
            #expect(throws: PoolmapError.self) { try places.require(input: try found("\(folder)/a")) }
            #expect(places.mustStay(fileOf: "--report"))
            #expect(throws: PoolmapError.self) { try places.require(target: "\(folder)/./soft") }
        }
    }

    @Test func theFolderOfAnOptionMayBeCreatedLater() throws {
        try withFolder { folder in
            let places = RunPlaces()
            try places.add(written: "\(folder)/made/../made/x.zst", by: "--depfile")
            try #require(mkdir("\(folder)/made", 0o700) == 0)
            defer { rmdir("\(folder)/made") }
            #expect(throws: PoolmapError.self) { try places.require(target: "\(folder)/made/x.zst") }
        }
    }

    @Test func aTargetThatIsAHardLinkToAnInputIsRefusedIfTargetsAreReplaced() throws {
        try withFolder { folder in
            try #require(link("\(folder)/b", "\(folder)/hard") == 0)
            for replaces in [false, true] {
                let places = RunPlaces(replacesTargets: replaces)
                try places.claim(input: try found("\(folder)/b"), target: "\(folder)/b.zst")
                let again = Result { try places.claim(input: try found("\(folder)/a"), target: "\(folder)/hard") }
                #expect((try? again.get()) == nil ? replaces : !replaces)
            }
        }
    }

    @Test func oneNameOfAFileIsFinishedBeforeTheNextBegins() throws {
        try withFolder { folder in
            try #require(link("\(folder)/a", "\(folder)/hard") == 0)
            var linked = LinkedInputs()
            let (one, other, alone) = (
                try found("\(folder)/a"), try found("\(folder)/hard"), try found("\(folder)/b")
            )
            #expect(!linked.mustWait(one))
            linked.begin(one)
            #expect(linked.mustWait(other))
            #expect(!linked.mustWait(alone))
            linked.begin(alone)
            linked.end(.file("\(folder)/b"))
            #expect(linked.mustWait(other))
            linked.end(.file("\(folder)/a"))
            #expect(!linked.mustWait(other))
        }
    }
}
