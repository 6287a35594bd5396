import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files
@testable import Ground
@testable import Operations
@testable import Run

@Suite struct TreeHashTests {
    private func write(_ text: String, to path: String) throws {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: .create, permissions: FilePermissions(rawValue: 0o644))
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    }

    /// Records the lists' lines and the folders of the digests as they are passed.
    private func recording(_ trees: TreeHash) -> Record {
        let record = Record()
        trees.onLine = { record.lines.append(String(decoding: $0, as: UTF8.self)) }
        trees.onDigest = { folder, _ in record.folders.append(folder) }
        return record
    }

    private final class Record {
        var lines: [String] = []
        var folders: [String] = []
    }

    /// Reports a step; a file has this digest, or has failed if it is nil.
    private func tell(_ step: TreeHash.Step, digest: String? = "x") {
        var summary = JobSummary()
        summary.digests = digest.map { [$0] } ?? []
        switch step {
        case .known(let told): told(nil)
        case .refused(_, _, let told): told(.failure(.damaged("")))
        case .file(_, let told): told(digest == nil ? .failure(.damaged("")) : .success(summary))
        case .waitForReport, .end: Issue.record("there is no step")
        }
    }

    /// The steps until the walk waits or ends.
    private func steps(_ trees: TreeHash) -> [TreeHash.Step] {
        var steps: [TreeHash.Step] = []
        while true {
            let step = trees.next()
            switch step {
            case .waitForReport, .end: return steps
            default: steps.append(step)
            }
        }
    }

    @Test func theWalkWaitsWhileManyStepsAreUnreported() throws {
        try withTemporaryFolder { folder in
            try write("a", to: folder + "/a")
            let links = 500
            for number in 0..<links {
                #expect(symlink("target", "\(folder)/link-\(number)") == 0)
            }
            let trees = TreeHash([folder], .md5, RunPlaces(), writesFile: false)
            trees.mostUntoldBytes = 20_000
            let record = recording(trees)
            var untold = steps(trees)[...]
            // 500 lines of more than 50 bytes exceed the limit.
            #expect(untold.count > 100 && untold.count < links)
            guard case .waitForReport = trees.next() else {
                Issue.record("the walk does not wait")
                return
            }
            #expect(trees.hasMore)
            #expect(record.lines.isEmpty)
            // The beginning, the folder itself, and the file.
            guard case .file(let file, _) = untold[2] else {
                Issue.record("the third is no file")
                return
            }
            #expect(file.path == folder + "/a")
            #expect(file.identity != nil)
            var toldCount = 0
            while let step = untold.popFirst() {
                tell(step, digest: "digest-of-a")
                toldCount += 1
                if untold.isEmpty { untold = steps(trees)[...] }
            }
            #expect(!trees.hasMore)
            #expect(record.lines.count == 3 + links)
            #expect(record.lines[2] == "f 0644 digest-of-a a\n")
            #expect(toldCount == record.lines.count + 1)
            #expect(record.folders == [folder])
        }
    }

    @Test func filesMayBeReportedLongAfterTheWalkHasEnded() throws {
        try withTemporaryFolder { folder in
            for name in ["a", "b", "c"] {
                #expect(mkdir("\(folder)/\(name)", 0o755) == 0)
                try write("", to: "\(folder)/\(name)/file")
            }
            let trees = TreeHash([folder + "/a", folder + "/b", folder + "/c"], .md5, RunPlaces(), writesFile: false)
            let record = recording(trees)
            var fileCount = 0
            for step in steps(trees) {
                guard case .file = step else {
                    tell(step)
                    continue
                }
                if fileCount == 1 { #expect(record.folders == [folder + "/a"]) }
                tell(step, digest: fileCount == 1 ? nil : "x")
                fileCount += 1
            }
            #expect(fileCount == 3)
            #expect(!trees.hasMore)
            #expect(record.folders == [folder + "/a", folder + "/c"])
            // Only the beginning of the second list.
            #expect(record.lines.map { $0.prefix(1) }.joined() == "pdfpdpdf")
        }
    }

    @Test func nothingIsStartedAfterAStop() throws {
        try withTemporaryFolder { folder in
            try write("", to: folder + "/a")
            try write("", to: folder + "/b")
            let trees = TreeHash([folder], .md5, RunPlaces(), writesFile: false)
            let record = recording(trees)
            let first = [trees.next(), trees.next(), trees.next()]
            guard case .file = first[2] else {
                Issue.record("there is no file")
                return
            }
            tell(first[0])
            tell(first[1])
            trees.stop()
            #expect(!trees.hasMore)
            guard case .end = trees.next() else {
                Issue.record("there is more")
                return
            }
            tell(first[2])
            #expect(record.folders.isEmpty)
            #expect(record.lines.count == 2)
        }
    }

    @Test func anUnreadableEntryEndsOnlyTheListOfItsTree() throws {
        try withTemporaryFolder { folder in
            #expect(mkdir(folder + "/a", 0o755) == 0)
            let trees = TreeHash([folder + "/none", folder + "/a"], .md5, RunPlaces(), writesFile: false)
            let record = recording(trees)
            let all = steps(trees)
            guard case .refused(let path, _, _) = all[0] else {
                Issue.record("a folder that is not there is not refused")
                return
            }
            #expect(path == folder + "/none")
            for step in all { tell(step) }
            #expect(record.folders == [folder + "/a"])
            #expect(record.lines.count == 2)
        }
    }

    @Test func anIdentityIsTheSameOnceDecodedAndDistinguishesFiles() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a"
            try write("a", to: path)
            let status = try #require(FileStatus(ofPath: path))
            let identity = FileIdentity(status)
            #expect(identity.numbers.count == FileIdentity.numberCount)
            let pair = identity.numbers + identity.numbers
            #expect(FileIdentity(numbers: pair[FileIdentity.numberCount...]) == identity)
            try identity.require(status)
            // Includes times before 1970.
            var times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: -5, tv_nsec: 7)]
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            let old = try #require(FileStatus(ofPath: path))
            #expect(throws: PoolmapError.changedWhileRead) { try identity.require(old) }
            #expect(FileIdentity(numbers: FileIdentity(old).numbers[...]) == FileIdentity(old))
        }
    }
}
