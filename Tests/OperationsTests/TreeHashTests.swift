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

    /// The lists' lines, and the digests' folders, as they come.
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

    @Test func whatIsBehindAFileWaitsForItAndInTheEndTheWalkDoes() throws {
        try withTemporaryFolder { folder in
            try write("a", to: folder + "/a")
            let links = 500
            for number in 0..<links {
                #expect(symlink("target", "\(folder)/link-\(number)") == 0)
            }
            let trees = TreeHash([folder], .md5, RunPlaces(), writesFile: false)
            trees.mostWaitingBytes = 20_000
            let record = recording(trees)
            guard case .item(.file(let path), _, let file?) = trees.next() else {
                Issue.record("the first is no file")
                return
            }
            #expect(path == folder + "/a")
            #expect(file.identity != nil)
            #expect(record.lines.count == 2)
            // 500 lines of more than 50 bytes are too much.
            guard case .waitForReport = trees.next(), case .waitForReport = trees.next() else {
                Issue.record("the walk does not wait")
                return
            }
            #expect(trees.hasMore)
            #expect(record.lines.count == 2)
            var summary = JobSummary()
            summary.digests = ["digest-of-a"]
            trees.take(.success(summary))
            #expect(record.lines.count > 100)
            #expect(record.lines.count < links)
            #expect(record.lines[2] == "f 0644 digest-of-a a\n")
            guard case .end = trees.next() else {
                Issue.record("it does not go on to the end")
                return
            }
            #expect(record.lines.count == 3 + links)
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
            var count = 0
            while case .item = trees.next() { count += 1 }
            #expect(count == 3)
            #expect(!trees.hasMore)
            var summary = JobSummary()
            summary.digests = ["x"]
            trees.take(.success(summary))
            trees.take(.failure(.damaged("")))
            #expect(record.folders == [folder + "/a"])
            trees.take(.success(summary))
            #expect(record.folders == [folder + "/a", folder + "/c"])
            // Of the second there is the beginning.
            #expect(record.lines.map { $0.prefix(1) }.joined() == "pdfpdpdf")
        }
    }

    @Test func nothingIsBegunAfterItWasStopped() throws {
        try withTemporaryFolder { folder in
            try write("", to: folder + "/a")
            try write("", to: folder + "/b")
            let trees = TreeHash([folder], .md5, RunPlaces(), writesFile: false)
            let record = recording(trees)
            guard case .item = trees.next() else {
                Issue.record("there is no file")
                return
            }
            trees.stop()
            #expect(!trees.hasMore)
            guard case .end = trees.next() else {
                Issue.record("there is more")
                return
            }
            trees.take(.success(JobSummary()))
            #expect(record.folders.isEmpty)
            #expect(record.lines.count == 2)
        }
    }

    @Test func anIdentityIsTheSameAfterItsJourneyAndTellsFilesApart() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a"
            try write("a", to: path)
            let status = try #require(FileStatus(ofPath: path))
            let identity = FileIdentity(status)
            #expect(identity.numbers.count == FileIdentity.numberCount)
            let pair = identity.numbers + identity.numbers
            #expect(FileIdentity(numbers: pair[FileIdentity.numberCount...]) == identity)
            try identity.require(status)
            // Before 1970, too.
            var times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: -5, tv_nsec: 7)]
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            let old = try #require(FileStatus(ofPath: path))
            #expect(throws: PoolmapError.changedWhileRead) { try identity.require(old) }
            #expect(FileIdentity(numbers: FileIdentity(old).numbers[...]) == FileIdentity(old))
        }
    }
}
