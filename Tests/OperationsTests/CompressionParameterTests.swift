import Testing

@testable import Operations

@Suite("Parameters beyond the level")
struct CompressionParameterTests {
    @Test func eachIsKnownByItsLongAndItsShortName() {
        let short = [
            "wlog", "clog", "hlog", "slog", "mml", "tlen", "strat", "ovlog", "lhlog", "lmml", "lblog", "lhrlog",
        ]
        #expect(short.map { CompressionParameter(name: $0) } == CompressionParameter.allCases)
        for parameter in CompressionParameter.allCases {
            #expect(CompressionParameter(name: parameter.rawValue) == parameter)
        }
        for other in ["", "Wlog", "log", "windowlog", "wlog "] {
            #expect(CompressionParameter(name: other) == nil)
        }
    }

    @Test func libzstdTakesTheLeastAndTheMostOfEach() throws {
        for parameter in CompressionParameter.allCases where parameter != .windowLog {
            for value in [parameter.range.lowerBound, parameter.range.upperBound] {
                var options = CompressionOptions()
                options.parameters = [(parameter, value)]
                _ = try Compressor(options)
            }
        }
    }

    @Test func theWindowOfAParameterCountsBeforeThatOfLong() {
        var options = CompressionOptions(longWindowLog: 27)
        #expect(options.chunkBytes == 1 << 27)
        options.parameters = [(.windowLog, 25)]
        #expect(options.chunkBytes == 1 << 25)
        options.parameters = [(.windowLog, 25), (.windowLog, 0)]
        #expect(options.chunkBytes == 1 << 27)
        options.parameters = [(.windowLog, 10)]
        #expect(options.chunkBytes == 8 << 20)
    }
}

@Suite("Kinds of files")
struct FileKindTests {
    @Test func theFirstBytesDetermineTheKindOfAFile() {
        let kinds: [([UInt8], FileKind)] = [
            ([0x28, 0xB5, 0x2F, 0xFD], .zstandard), ([0x22, 0xB5, 0x2F, 0xFD], .zstandard),
            ([0x50, 0x2A, 0x4D, 0x18], .zstandard), ([0x5F, 0x2A, 0x4D, 0x18], .zstandard),
            ([0x60, 0x2A, 0x4D, 0x18], .other), ([0x29, 0xB5, 0x2F, 0xFD], .other),
            ([0x1F, 0x8B, 8, 0], .gzip), ([0xFD, 0x37, 0x7A, 0x58], .xz), ([0x5D, 0, 0, 0x80], .lzma),
            ([0x04, 0x22, 0x4D, 0x18], .lz4), (Array("text".utf8), .other),
            // Fewer bytes than a frame can have are no frame, as with zstd.
            ([0x28, 0xB5, 0x2F], .other), ([0x1F, 0x8B], .other), ([], .other),
        ]
        for (beginning, kind) in kinds {
            #expect(FileKind(beginning) == kind)
        }
    }
}
