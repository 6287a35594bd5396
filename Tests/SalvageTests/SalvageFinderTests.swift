import SystemPackage
import TestSupport
import Testing

@testable import Ground
@testable import Salvage

@Suite struct SalvageFinderTests {
    private let first = HandMade.dataFrame([UInt8](repeating: 1, count: 50), hasChecksum: true)
    private let second = HandMade.dataFrame([UInt8](repeating: 2, count: 70), hasChecksum: true)
    private let third = HandMade.dataFrame([UInt8](repeating: 3, count: 90), hasChecksum: true)
    private let garbage = [UInt8]("not a frame, and no part of one".utf8)

    /// What is found, in short form: "frame 0..<61", "gap 61..<80".
    private func find(
        in bytes: [UInt8], windowBytes: Int = 64, probe: FrameFinder.Probe = { _ in .damaged }
    ) throws -> [String] {
        let finder = FrameFinder(source(of: bytes), windowBytes: windowBytes)
        var found: [String] = []
        while let part = try finder.next(probe: probe) {
            switch part {
            case .frame: found.append("frame \(part.range)")
            case .skippable: found.append("skippable \(part.range)")
            case .gap: found.append("gap \(part.range)")
            }
        }
        return found
    }

    private func source(of bytes: [UInt8]) -> SalvageSource {
        SalvageSource(byteCount: UInt64(bytes.count)) { offset, count in
            Array(bytes[Int(offset)..<Int(offset) + count])
        }
    }

    /// What must be found in these consecutive parts.
    private func expected(_ parts: (kind: String, bytes: [UInt8])...) -> [String] {
        var offset: UInt64 = 0
        return parts.map { part in
            defer { offset += UInt64(part.bytes.count) }
            return "\(part.kind) \(offset..<offset + UInt64(part.bytes.count))"
        }
    }

    @Test func framesThatAreWholeAreFoundWithoutADecoder() throws {
        let skippable = HandMade.skippable(7, garbage)
        #expect(
            try find(in: first + skippable + second) { _ in
                Issue.record("nothing is in doubt")
                return .damaged
            } == expected(("frame", first), ("skippable", skippable), ("frame", second)))
    }

    @Test(arguments: [5, 7, 64, 1000]) func theNextFrameIsFoundBehindGarbageOfAnyLength(windowBytes: Int) throws {
        for length in 1...80 {
            let between = (garbage + garbage + garbage).prefix(length)
            let parts = expected(("frame", first), ("gap", Array(between)), ("frame", second), ("frame", third))
            // A frame followed by garbage must pass the decoder.
            let found = try find(in: first + between + second + third, windowBytes: windowBytes) { _ in .whole }
            #expect(found == parts, "\(length) bytes between")
        }
    }

    @Test func aFrameWithoutABorderBehindItCountsIfItDecompresses() throws {
        let file = first + garbage + second
        var asked: [Range<UInt64>] = []
        let found = try find(in: file) { range in
            asked.append(range)
            return .damaged
        }
        #expect(asked == [0..<UInt64(first.count)])
        #expect(found == expected(("gap", first + garbage), ("frame", second)))
    }

    @Test func aDamagedBlockHeaderDoesNotHideTheFramesBehindIt() throws {
        // The block's header follows the magic number, the descriptor and a content size of four bytes.
        for byte in 9..<12 {
            for bit in 0..<8 {
                var damaged = second
                damaged[byte] ^= 1 << UInt8(bit)
                let found = try find(in: first + damaged + third + first)
                #expect(found.first == "frame \(0..<UInt64(first.count))")
                #expect(
                    Array(found.suffix(2))
                        == expected(("", first + damaged), ("frame", third), ("frame", first)).suffix(2),
                    "byte \(byte), bit \(bit): \(found)")
            }
        }
    }

    @Test func aMagicNumberThatBeginsNothingIsPassedOver() throws {
        let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
        let skippable: [UInt8] = [0x53, 0x2A, 0x4D, 0x18]
        for decoy in [magic, magic + magic, skippable, magic + [0x08, 0, 0, 0], skippable + [4, 0, 0, 0] + garbage] {
            let file = first + garbage + decoy + second + third
            let found = try find(in: file) { $0.lowerBound == 0 ? .whole : .damaged }
            #expect(
                found == expected(("frame", first), ("gap", garbage + decoy), ("frame", second), ("frame", third)))
        }
    }

    @Test func aFrameWhoseBlocksHaveNoRoomForItsContentIsNone() throws {
        var boasting = second
        boasting[5] = 71
        #expect(
            try find(in: first + boasting + third) { _ in .whole }
                == expected(("frame", first), ("gap", boasting), ("frame", third)))
    }

    @Test func noPartOfATruncatedFrameIsTakenForAFrame() throws {
        let nested = HandMade.frameStart() + HandMade.rawBlock(first + garbage + second, isLast: false)
        let cut = nested + HandMade.rawBlock([UInt8](repeating: 9, count: 100), isLast: true).prefix(40)
        #expect(try find(in: third + cut) { _ in .cut } == expected(("frame", third), ("gap", cut)))
    }

    @Test func framesInTheLastBlockOfACutFrameCountIfTheyLeadToTheEnd() throws {
        // Damaged so that the block's header leads past the end.
        let long = HandMade.frameStart() + HandMade.blockHeader(type: 0, size: 5000, isLast: true)
        let damaged = long + garbage
        #expect(
            try find(in: damaged + first + second) { _ in .cut }
                == expected(("gap", damaged), ("frame", first), ("frame", second)))
        #expect(
            try find(in: damaged + first + garbage) { _ in .cut } == expected(("gap", damaged + first + garbage)))
    }

    @Test func pzstdSaysWhereADamagedFrameEnds() throws {
        var length: [UInt8] = []
        length.append(littleEndian: UInt32(second.count))
        let announcement = HandMade.skippable(0, length)
        // It contains frames, as an archive of compressed files does.
        let nested = [UInt8](repeating: 0, count: 10) + first + first
        let damaged = nested + [UInt8](repeating: 0, count: 10)
        length = []
        length.append(littleEndian: UInt32(damaged.count))
        let other = HandMade.skippable(0, length)
        #expect(
            try find(in: announcement + second + other + damaged + announcement + second)
                == expected(
                    ("skippable", announcement), ("frame", second), ("skippable", other), ("gap", damaged),
                    ("skippable", announcement), ("frame", second)))
    }

    @Test func aGapKnowsTheHeadersOfItsFrames() throws {
        var damaged = second
        damaged[9] = 0xFF
        let finder = FrameFinder(source(of: first + damaged + garbage + third))
        _ = try finder.next { _ in .whole }
        guard case .gap(let gap)? = try finder.next(probe: { _ in .whole }) else {
            Issue.record("there should be a gap")
            return
        }
        #expect(gap.firstHead?.contentBytes == 70)
        #expect(gap.firstHead?.hasChecksum == true)
        #expect(gap.heads.count == 1)
    }

    @Test func aFileOfMagicNumbersTakesNoLongerThanItsLength() throws {
        // Each begins a frame of empty blocks that leads to the end of the file without ending.
        let start = HandMade.frameStart() + HandMade.blockHeader(type: 0, size: 0, isLast: false)
        let file = (0..<40_000).flatMap { _ in start }
        var readCount = 0
        let source = SalvageSource(byteCount: UInt64(file.count)) { offset, count in
            readCount += count
            return Array(file[Int(offset)..<Int(offset) + count])
        }
        let finder = FrameFinder(source)
        while let part = try finder.next(probe: { _ in .damaged }) {
            #expect(part.range.upperBound <= UInt64(file.count))
        }
        // Most of this is the initial allowance.
        #expect(readCount < 4 << 30)
    }

    @Test func randomBytesEndInOrder() throws {
        var generator = SeededGenerator(for: "randomBytesEndInOrder")
        for _ in 0..<200 {
            var file = first + second + third + first
            for _ in 0..<3 {
                file[Int.random(in: 0..<file.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            var position: UInt64 = 0
            let finder = FrameFinder(source(of: file), windowBytes: 16)
            while let part = try finder.next(probe: { _ in .damaged }) {
                #expect(part.range.lowerBound == position && !part.range.isEmpty)
                position = part.range.upperBound
            }
            #expect(position == UInt64(file.count))
        }
    }
}

@Suite struct SalvageSourceTests {
    @Test func unreadableBytesBecomeZeros() throws {
        let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let source = SalvageSource(byteCount: UInt64(bytes.count)) { (offset, count) throws(PoolmapError) in
            let range = Int(offset)..<Int(offset) + count
            if range.overlaps(8192..<12288) { throw PoolmapError.system("cannot read", .ioError) }
            return Array(bytes[range])
        }
        var expected = bytes
        expected.replaceSubrange(8192..<12288, with: [UInt8](repeating: 0, count: 4096))
        #expect(try source.read(at: 0, count: 50_000) == expected)
        #expect(try source.read(at: 8000, count: 400) == Array(expected[8000..<8400]))
        #expect(try source.read(at: 12_287, count: 3) == Array(expected[12_287..<12_290]))
        #expect(try source.read(at: 39_999, count: 10) == [expected[39_999]])
        #expect(try source.read(at: 40_000, count: 10) == [])
    }

    @Test func otherErrorsAreErrors() {
        let source = SalvageSource(byteCount: 100) { (_, _) throws(PoolmapError) in
            throw PoolmapError.system("cannot read", .permissionDenied)
        }
        #expect(throws: PoolmapError.self) { try source.read(at: 0, count: 10) }
    }
}
