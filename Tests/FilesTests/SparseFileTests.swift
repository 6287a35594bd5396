import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Files
@testable import Ground
@testable import SeekableZstd

@Suite struct SparseFileTests {
    /// Calls `body` with a nameless file.
    private func withFile(_ body: (FileDescriptor) throws -> Void) throws {
        var template = Array("/tmp/poolmap-sparse-XXXXXX".utf8CString)
        let file = FileDescriptor(rawValue: mkstemp(&template))
        try #require(file.rawValue >= 0)
        defer { try? file.close() }
        unlink(template)
        try body(file)
    }

    /// Runs of zeros and of other bytes; some have the length of blocks, some one byte more or less.
    private func runs(_ random: inout some RandomNumberGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let blocks = [0, 1, 7, 8, 9, 30].randomElement(using: &random) ?? 0
            let count = max(0, blocks * 4096 + Int.random(in: -2...2, using: &random))
            bytes += repeatElement(
                Bool.random(using: &random) ? 0 : UInt8.random(in: 1...255, using: &random), count: count)
        }
        return bytes
    }

    @Test func aFileWrittenWithHolesReadsTheSame() throws {
        var random = SeededGenerator(for: "aFileWrittenWithHolesReadsTheSame")
        for _ in 0..<60 {
            let bytes = runs(&random)
            let offset = [0, 1, 4095, 100_000].randomElement(using: &random) ?? 0
            let parts = [bytes.count / 3, bytes.count / 2, bytes.count]
            try withFile { file in
                var start = 0
                for end in parts {
                    try Array(bytes[start..<end]).withUnsafeBytes { part in
                        let isWritten = try file.write(
                            part, at: UInt64(offset + start), to: "file", leavesHoles: true)
                        #expect(isWritten == part.contains { $0 != 0 })
                    }
                    start = end
                }
                try file.extend(to: UInt64(offset + bytes.count), name: "file")
                #expect(try FileStatus(of: file).byteCount == UInt64(offset + bytes.count))
                #expect(
                    try file.readBytes(at: UInt64(offset), count: bytes.count) == bytes, "at \(offset): \(bytes.count)")
            }
        }
    }

    @Test func aReaderFillsHolesWithZeros() throws {
        var random = SeededGenerator(for: "aReaderFillsHolesWithZeros")
        for _ in 0..<30 {
            let bytes = runs(&random)
            try withFile { file in
                _ = try bytes.withUnsafeBytes { try file.write($0, at: 0, to: "file", leavesHoles: true) }
                try file.extend(to: UInt64(bytes.count), name: "file")
                let start = Int.random(in: 0...bytes.count, using: &random)
                var reader = FileReader(
                    file, at: UInt64(start), byteCount: UInt64(bytes.count - start), hasHoles: true)
                var found: [UInt8] = []
                var space = [UInt8](repeating: 0xEE, count: Int.random(in: 1...50_000, using: &random))
                while true {
                    let count = try space.withUnsafeMutableBytes { try reader.read(into: $0) }
                    if count == 0 { break }
                    found += space[..<count]
                }
                #expect(found == Array(bytes[start...]), "\(bytes.count) bytes from \(start) on")
            }
        }
    }

    @Test func extentsEndWhereTheFileSystemSaysAndCoverTheFile() throws {
        try withFile { file in
            let data = [UInt8](repeating: 1, count: 5000)
            for place in [1 << 20, 3 << 20] {
                try data.withUnsafeBytes { try file.writeAll($0, at: UInt64(place), to: "file") }
            }
            try file.extend(to: 5 << 20, name: "file")
            var extents = FileExtents(of: file)
            var offset: UInt64 = 0
            var holes: [Bool] = []
            while offset < 5 << 20 {
                let extent = extents.extent(at: offset)
                #expect(extent.end > offset)
                #expect(extents.extent(at: offset).end == extent.end)
                holes.append(extent.isHole)
                offset = extent.end
            }
            // A file system without holes has one extent.
            #expect(holes == [true, false, true, false, true] || holes == [false])
            // It can be asked again from the beginning.
            #expect(extents.extent(at: 0).isHole == holes[0])
        }
    }

    @Test func aPipeHasNoHoles() throws {
        let ends = try FileDescriptor.pipe()
        defer {
            try? ends.readEnd.close()
            try? ends.writeEnd.close()
        }
        var extents = FileExtents(of: ends.readEnd)
        #expect(!extents.extent(at: 0).isHole)
        #expect(extents.extent(at: 1 << 40).end == .max)
    }

    @Test func theWindowIsReadFromAnyHeader() throws {
        // A window descriptor, with and without a content size after it; and a single-segment frame.
        let frames: [([UInt8], UInt64?)] = [
            ([0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58], 2 << 20), ([0x28, 0xB5, 0x2F, 0xFD, 0x40, 0x59, 1, 2], 2_359_296),
            ([0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x05], 5), ([0x28, 0xB5, 0x2F, 0xFD, 0x40, 0x59, 1], nil),
            ([0x28, 0xB5, 0x2F, 0xFD], nil), ([0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0], nil), ([], nil),
        ]
        for (bytes, window) in frames {
            #expect(bytes.withUnsafeBytes { FrameHead($0, at: 0)?.windowBytes } == window, "\(bytes)")
        }
    }
}
