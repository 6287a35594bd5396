import Glibc
import SystemPackage
import Testing

@testable import Files

/// Lines of files, read 64 KiB at a time; the command-line cases test pipes.
@Suite struct LineReaderTests {
    /// The lines of a file with these bytes; nil for a line that is too long.
    private func lines(_ content: [UInt8], separator: UInt8 = 10, most: Int = 1 << 16) throws -> [[UInt8]?] {
        var path = Array("/tmp/poolmap-lines-XXXXXX".utf8CString)
        let descriptor = FileDescriptor(rawValue: mkstemp(&path))
        try descriptor.writeAll(content)
        try descriptor.close()
        let name = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(name) }
        let reader = LineReader(try InputFile.open(path: name), separator: separator, mostLineBytes: most)
        var lines: [[UInt8]?] = []
        while true {
            switch try reader.next() {
            case .line(let line): lines.append(Array(line))
            case .tooLong: lines.append(nil)
            case .waitForInput(let descriptor): waitForInput(descriptor)
            case .end: return lines
            }
        }
    }

    @Test func lastLineMayLackItsEnd() throws {
        #expect(try lines([]) == [])
        #expect(try lines(Array("\n".utf8)) == [[]])
        #expect(try lines(Array("a\n\nb\n".utf8)) == [[97], [], [98]])
        #expect(try lines(Array("a\n\nb".utf8)) == [[97], [], [98]])
        #expect(try lines([97, 0, 10, 0, 0], separator: 0) == [[97], [10], []])
    }

    @Test(arguments: [1, 63, 64, 65, 1000, 32767, 32768, 65535, 65536, 65537, 131_071, 131_072, 200_000])
    func linesOfAnyLengthAcrossReads(_ length: Int) throws {
        let line = (0..<length).map { UInt8(truncatingIfNeeded: $0 % 7 + 48) }
        let count = max(3, 300_000 / length)
        let all = [[UInt8]](repeating: line, count: count)
        #expect(try lines(Array(all.joined(separator: [10])), most: 1 << 20) == all)
    }

    @Test func overlongLinesAreSkippedAndLaterOnesRead() throws {
        let long = [UInt8](repeating: 48, count: 300_000)
        #expect(try lines([97, 10] + long + [10, 98, 10], most: 1000) == [[97], nil, [98]])
        #expect(try lines(long + [10, 10] + long + [10, 98], most: 1000) == [nil, [], nil, [98]])
        #expect(try lines([98, 10] + long, most: 1000) == [[98], nil])
    }
}
