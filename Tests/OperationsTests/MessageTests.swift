import Testing

@testable import Digests
@testable import Ground
@testable import Operations
@testable import Run

/// The encoding of tasks and answers.
@Suite struct MessageTests {
    private func sent<Value: Message>(_ value: Value) throws -> Value {
        var writer = MessageWriter()
        value.write(to: &writer)
        var reader = MessageReader(writer.bytes)
        return try Value(from: &reader)
    }

    @Test func valuesComeOutInTheOrderInWhichTheyWentIn() throws {
        var writer = MessageWriter()
        writer.add(UInt8(7))
        writer.add(UInt64.max)
        writer.add(each: [1, 2, 3])
        writer.add(text: "grün")
        writer.add(Optional<UInt32>.none)
        var reader = MessageReader(writer.bytes)
        #expect(try reader.next(UInt8.self) == 7)
        #expect(try reader.next(UInt64.self) == .max)
        #expect(try reader.nextArray(of: Int.self) == [1, 2, 3])
        #expect(try reader.nextText() == "grün")
        #expect(try reader.next(UInt32?.self) == nil)
        #expect(throws: PoolmapError.self) { try reader.next(UInt8.self) }
    }

    @Test(arguments: [-1, 4, Int.max]) func anArrayThatIsLongerThanItsMessageIsAnError(count: Int) {
        var writer = MessageWriter()
        writer.add(count)
        writer.add(UInt8(0))
        var reader = MessageReader(writer.bytes)
        #expect(throws: PoolmapError.self) { try reader.nextArray(of: UInt64.self) }
    }

    @Test func errorsKeepCodeTextAndNumber() throws {
        let errors = [
            PoolmapError(.damaged, "chunk 3"), PoolmapError(.system, "cannot read", errno: .ioError),
            PoolmapError(.failed, ""),
        ]
        for error in errors {
            #expect(try sent(error) == error)
        }
    }

    @Test(arguments: [
        HashAlgorithm.blake3(), .blake3(.keyed(Array(0..<32)), digestBytes: 64),
        .blake3(.deriveKey(context: "poolmap"), digestBytes: 8), .sha256, .sha512, .sha1, .md5, .crc32, .crc32c,
        .crc64nvme, .s3ETag(partBytes: 5 << 20), .s3SHA256(partBytes: 6 << 20), .s3CRC32C(partBytes: 7 << 20),
        .dropbox, .fsveritySHA256(salt: [1, 2]), .fsveritySHA512(),
    ]) func algorithmsArriveAsTheyWere(algorithm: HashAlgorithm) throws {
        #expect(try sent(algorithm) == algorithm)
    }

    @Test func aListWithANegativeCountIsRefused() {
        var writer = MessageWriter()
        writer.add(-1)
        var reader = MessageReader(writer.bytes)
        #expect(throws: PoolmapError.self) {
            try reader.nextList { (message) throws(PoolmapError) in try message.nextText() }
        }
    }

    @Test func aTaskOfSeveralPiecesIsTheSameAsOneForEach() {
        let work = Digestion.Work(
            source: .file(.standardInput, offset: 100), offset: 40, byteCount: 25, slot: 0, algorithms: [.crc32],
            pieceBytes: 10)
        #expect(work.pieces == [0..<10, 10..<20, 20..<25])
        let single = Digestion.single(work)
        #expect(single.map(\.offset) == [40, 50, 60])
        #expect(single.map(\.byteCount) == [10, 10, 5])
        let places = single.map { work -> UInt64 in
            if case .file(_, let offset, _) = work.source { offset } else { 0 }
        }
        #expect(places == [100, 110, 120])
    }

    @Test func onlyTheFirstChunkOfATaskBearsItsMark() {
        let work = Compression.Work(source: .slot(offset: 0), mark: .equalChunks, slot: 2, chunkBytes: [8, 8, 3])
        let single = Compression.single(work)
        #expect(single.map(\.mark) == [.equalChunks, nil, nil])
        #expect(single.map(\.chunkBytes) == [[8], [8], [3]])
        let places = single.map { work -> Int in
            if case .slot(let offset) = work.source { offset } else { -1 }
        }
        #expect(places == [0, 8, 16])
    }
}
