import CZstd
import Glibc
import SystemPackage
import Testing

@testable import Ground
@testable import Operations
@testable import SeekableZstd

/// Frames made with a dictionary, and who can decompress them.
@Suite struct DictionaryTests {
    /// Similar texts.
    private static let records = (0..<200).map { index in
        Array(
            #"{"id": \#(index), "name": "user-\#(index * 7 % 31)", "state": "\#(index % 3 == 0 ? "on" : "off")"}"#.utf8)
    }

    /// A dictionary with these bytes.
    private static func dictionary(_ bytes: [UInt8]) throws -> ZstdDictionary {
        let path = "/tmp/poolmap-dictionary-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        defer { unlink(path) }
        try file.closeAfter { _ = try file.writeAll(bytes) }
        return try ZstdDictionary(path: path)
    }

    /// A dictionary trained on the records, with this ID.
    private static func trained(_ number: UInt32) throws -> [UInt8] {
        let samples = records.flatMap { $0 }
        var trained = [UInt8](repeating: 0, count: 2000)
        let sizes = records.map(\.count)
        let count = ZDICT_trainFromBuffer(&trained, trained.count, samples, sizes, UInt32(sizes.count))
        try #require(ZDICT_isError(count) == 0)
        trained.removeLast(trained.count - count)
        trained.replaceSubrange(4..<8, with: withUnsafeBytes(of: number.littleEndian) { Array($0) })
        return trained
    }

    private static let raw = records[0..<5].flatMap { $0 }

    private func frame(
        _ content: [UInt8], _ dictionary: ZstdDictionary?, names: Bool = true, hasChecksums: Bool = true
    ) throws -> [UInt8] {
        var options = CompressionOptions(hasChecksums: hasChecksums)
        options.dictionary = dictionary
        options.namesDictionary = names
        var compressor = try Compressor(options)
        return try frame(content, &compressor)
    }

    private func frame(_ content: [UInt8], _ compressor: inout Compressor) throws -> [UInt8] {
        var content = content
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: Compressor.bound(of: content.count), alignment: 8)
        defer { space.deallocate() }
        let made = try content.withUnsafeMutableBytes { try compressor.compress($0, into: space, nil) { _ in } }
        return Array(space[..<made.compressedBytes])
    }

    /// The content of a frame, decompressed whole and byte by byte after its header, which must be the same.
    private func content(_ frame: [UInt8], _ dictionary: ZstdDictionary?) throws(PoolmapError) -> [UInt8] {
        let whole = Result { () throws(PoolmapError) in try wholeContent(frame, dictionary) }
        let streamed = Result { () throws(PoolmapError) in try streamedContent(frame, dictionary) }
        #expect(whole == streamed)
        return try whole.get()
    }

    private func wholeContent(_ frame: [UInt8], _ dictionary: ZstdDictionary?) throws(PoolmapError) -> [UInt8] {
        var decompressor = try Decompressor(WindowLimit(bytes: 1 << 27, isForAll: false), dictionary: dictionary)
        return try decompressing(frame) { (frame, space) throws(PoolmapError) in
            try decompressor.decompress(frame, into: space)
        }
    }

    private func streamedContent(_ frame: [UInt8], _ dictionary: ZstdDictionary?) throws(PoolmapError) -> [UInt8] {
        var decompressor = try Decompressor(WindowLimit(bytes: 1 << 27, isForAll: false), dictionary: dictionary)
        return try decompressing(frame) { (frame, space) throws(PoolmapError) in
            try decompressor.beginStream(frame)
            var (used, made) = (0, 0)
            while used < frame.count {
                let piece = frame.bytes(
                    in: used..<min(used + (used == 0 ? FrameLayout.mostHeaderBytes : 1), frame.count))
                let step = try decompressor.decompressPiece(
                    piece, into: UnsafeMutableRawBufferPointer(rebasing: space[made...]))
                (used, made) = (used + step.used, made + step.made)
            }
            return made
        }
    }

    private func decompressing(
        _ frame: [UInt8],
        _ body: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int
    ) throws(PoolmapError) -> [UInt8] {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
        defer { space.deallocate() }
        let count = try frame.withBytes { (frame) throws(PoolmapError) in try body(frame, space) }
        return Array(space[..<count])
    }

    @Test func aFrameIsRestoredWithItsDictionaryAndIsSmallerForIt() throws {
        for bytes in [try Self.trained(4711), Self.raw] {
            let dictionary = try Self.dictionary(bytes)
            #expect(dictionary.id == (bytes == Self.raw ? 0 : 4711))
            for names in [true, false] {
                for record in Self.records {
                    let frame = try frame(record, dictionary, names: names)
                    #expect(try content(frame, dictionary) == record)
                    #expect(frame.count < record.count)
                }
            }
        }
    }

    @Test func aContextMakesTheSameFrameEachTime() throws {
        let dictionary = try Self.dictionary(Self.trained(4711))
        var options = CompressionOptions()
        options.dictionary = dictionary
        var compressor = try Compressor(options)
        for record in Self.records {
            let expected = try frame(record, dictionary)
            #expect(try frame(record, &compressor) == expected)
        }
    }

    @Test func theDictionaryThatAFrameNeedsIsNamed() throws {
        let record = Self.records[9]
        let frame = try frame(record, Self.dictionary(Self.trained(4711)))
        let none = #expect(throws: PoolmapError.self) { try content(frame, nil) }
        #expect(none?.code == .unsupported)
        #expect(none?.message == "needs dictionary 4711; use -D FILE")
        let other = try Self.dictionary(Self.trained(77))
        let wrong = #expect(throws: PoolmapError.self) { try content(frame, other) }
        #expect(wrong?.message == "needs dictionary 4711, but \(other.path) is dictionary 77")
        let raw = try Self.dictionary(Self.raw)
        let nameless = #expect(throws: PoolmapError.self) { try content(frame, raw) }
        #expect(nameless?.message == "needs dictionary 4711, but \(raw.path) has no ID")
    }

    @Test func aFrameWithoutADictionaryIDIsVerifiedByItsChecksum() throws {
        let record = Self.records[9]
        let made = try frame(record, Self.dictionary(Self.raw))
        for dictionary in [nil, try Self.dictionary(Self.trained(77)), try Self.dictionary(Array(Self.raw.reversed()))]
        {
            let error = #expect(throws: PoolmapError.self) { try content(made, dictionary) }
            #expect(error?.code == .damaged)
            #expect(dictionary == nil || error?.message.contains("is the wrong dictionary") == true)
        }
    }

    @Test func aFrameThatNeedsNoneIsRestoredWithAny() throws {
        let record = Self.records[9]
        let frame = try frame(record, nil)
        for bytes in [try Self.trained(4711), Self.raw] {
            #expect(try content(frame, Self.dictionary(bytes)) == record)
        }
    }

    @Test func invalidTablesAreRefused() throws {
        let trained = try Self.trained(4711)
        for bytes in [
            Array(trained[..<8]), Array(trained[..<20]), trained[..<8] + [UInt8](repeating: 0xFF, count: 300),
        ] {
            let error = #expect(throws: PoolmapError.self) { try Self.dictionary(bytes) }
            #expect(error?.code == .damaged)
        }
        // Without the magic number these are arbitrary bytes.
        #expect(try Self.dictionary([UInt8](repeating: 0xFF, count: 8)).id == 0)
        #expect(throws: PoolmapError.self) { try Self.dictionary([UInt8](repeating: 0xFF, count: 7)) }
    }

    @Test func twoDictionariesWithOneNumberHaveTwoChecksums() throws {
        let trained = try Self.trained(4711)
        let one = try Self.dictionary(trained)
        #expect(try Self.dictionary(trained).checksum == one.checksum)
        let other = try Self.dictionary(trained + [0])
        #expect(other.id == one.id && other.checksum != one.checksum)
    }
}
