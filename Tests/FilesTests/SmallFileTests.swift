import Glibc
import TestSupport
import Testing

@testable import Files
@testable import Ground

/// Small files, whose status is checked before and after the read.
@Suite struct SmallFileTests {
    private func content(of path: String, as found: FileStatus) throws(PoolmapError) -> [UInt8]? {
        var space = Scratch()
        return try FolderCache().content(of: Place(path: path), as: found, into: &space).map { Array($0) }
    }

    private func write(_ text: String, to path: String, _ mode: String = "w") throws {
        let file = try #require(fopen(path, mode))
        fputs(text, file)
        fclose(file)
    }

    @Test(arguments: [1, 4, 4095, 4096, 4097, 300_000]) func aWholeFileIsRead(byteCount: Int) throws {
        try withTemporaryFolder { folder in
            let text = String(repeating: "x", count: byteCount)
            try write(text, to: "\(folder)/file")
            let found = try #require(FileStatus(freshOfPath: "\(folder)/file"))
            #expect(try content(of: "\(folder)/file", as: found) == Array(text.utf8))
        }
    }

    @Test(arguments: ["w", "a"]) func aFileThatWasWrittenToSinceItWasFoundHasChanged(mode: String) throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            try write("before", to: path)
            let found = try #require(FileStatus(freshOfPath: path))
            // File timestamps may advance only every few milliseconds.
            repeat {
                try write("after!", to: path, mode)
            } while FileStatus(ofPath: path)?.hasChanged(since: found) != true
            #expect(throws: PoolmapError.changedWhileRead) { try content(of: path, as: found) }
        }
    }

    @Test func anotherFileUnderTheNameIsLeftToInputFile() throws {
        try withTemporaryFolder { folder in
            try write("before", to: "\(folder)/file")
            try write("other!", to: "\(folder)/other")
            let found = try #require(FileStatus(freshOfPath: "\(folder)/file"))
            #expect(rename("\(folder)/other", "\(folder)/file") == 0)
            #expect(try content(of: "\(folder)/file", as: found) == nil)
            unlink("\(folder)/file")
            #expect(try content(of: "\(folder)/file", as: found) == nil)
        }
    }

    @Test func nothingIsReadFromAPipeThatTookTheName() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/file"
            try write("before", to: path)
            let found = try #require(FileStatus(freshOfPath: path))
            unlink(path)
            #expect(mkfifo(path, 0o600) == 0)
            let pipe = open(path, O_RDWR | O_CLOEXEC)
            defer { close(pipe) }
            #expect(Glibc.write(pipe, "in it", 5) == 5)
            #expect(try content(of: path, as: found) == nil)
            var space = [UInt8](repeating: 0, count: 8)
            #expect(read(pipe, &space, 8) == 5)
        }
    }

    @Test func filesWithoutAUsefulStatusAreLeftToInputFile() throws {
        try withTemporaryFolder { folder in
            try write("", to: "\(folder)/empty")
            try write("", to: "\(folder)/sparse")
            #expect(truncate("\(folder)/sparse", 1 << 20) == 0)
            for path in ["\(folder)/empty", "\(folder)/sparse", folder, "/proc/self/status"] {
                let found = try #require(FileStatus(freshOfPath: path))
                #expect(try content(of: path, as: found) == nil)
            }
        }
    }
}
