import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage
import TestSupport
import Testing

@testable import Chunks
@testable import Operations
@testable import Run

/// Where `map` cuts a file, whose borders workers find, and a pipe; compared with a simple scan.
@Suite struct MapBorderTests {
    /// A cut, and the data to try it with.
    struct Sample: CustomTestStringConvertible {
        let name: String
        let kind: RecordKind
        /// A simple version of the same rule: whether a record ends after this many bytes of the data, which has more.
        let ends: @Sendable ([UInt8], Int) -> Bool
        let alphabet: String

        var testDescription: String { name }

        static func separator(_ text: String, _ alphabet: String) -> Sample {
            let bytes = Array(text.utf8)
            return Sample(
                name: "separator \(bytes)", kind: .separator(bytes),
                ends: { data, place in place >= bytes.count && data[(place - bytes.count)..<place].elementsEqual(bytes)
                },
                alphabet: alphabet)
        }
    }

    private static let heads: LinePattern = {
        do {
            return try LinePattern("^>")
        } catch {
            fatalError("\(error)")
        }
    }()

    private static let samples: [Sample] = [
        .separator("\n", "abc\n"), .separator("\n", "abcdefghijklmnopqrstuvwxyz\n"), .separator("\0", "ab\0"),
        .separator("\r\n", "\r\na"), .separator("\n\n", "a\n\n"), .separator("aba", "ab"), .separator("abcd", "abcd"),
        .separator("none", "ab"),
        Sample(
            name: "csv", kind: .csv,
            ends: { data, place in
                data[place - 1] == 0x0a && data[..<place].count(where: { $0 == 0x22 }).isMultiple(of: 2)
            },
            alphabet: "ab,\n\n\""),
        Sample(
            name: "start", kind: .start(heads),
            ends: { data, place in data[place - 1] == 0x0a && data[place] == 0x3e }, alphabet: "abc>\n"),
    ]

    private func data(_ count: Int, of alphabet: String, _ generator: inout SeededGenerator) -> [UInt8] {
        let letters = Array(alphabet.utf8)
        return (0..<count).map { _ in letters[Int.random(in: 0..<letters.count, using: &generator)] }
    }

    // MARK: Three ways to find the ends of all chunks

    private func plainly(_ data: [UInt8], _ sample: Sample, _ rule: BorderRule) -> [Int] {
        var ends: [Int] = []
        var start = 0
        var recordCount = 0
        for place in 1..<max(1, data.count) where sample.ends(data, place) {
            recordCount += 1
            let isBorder =
                rule.recordCount > 0
                ? recordCount.isMultiple(of: Int(rule.recordCount))
                : place - Int(rule.endBytes) >= (start / Int(rule.chunkBytes) + 1) * Int(rule.chunkBytes)
            if isBorder {
                ends.append(place)
                start = place
            }
        }
        return ends + [data.count]
    }

    /// From a pipe whose data arrives in pieces.
    private func ofPipe(
        _ data: [UInt8], _ sample: Sample, _ rule: BorderRule, _ generator: inout SeededGenerator
    ) throws -> [Int] {
        var borders = RecordBorders(sample.kind, rule)
        var ends: [Int] = []
        var (start, there) = (0, 0)
        while start < data.count {
            there = min(data.count, max(there, start) + Int.random(in: 0...40, using: &generator))
            let length = try data[start..<there].withUnsafeBytes { bytes throws(PoolmapError) in
                try borders.length(ofChunkAt: UInt64(start), in: bytes, isAtEnd: false)
            }
            if let length {
                start += length
                ends.append(start)
            } else if there == data.count {
                let length = try data[start...].withUnsafeBytes { bytes throws(PoolmapError) in
                    try borders.length(ofChunkAt: UInt64(start), in: bytes, isAtEnd: true)
                }
                start += length ?? (data.count - start)
                ends.append(start)
            }
        }
        return data.isEmpty ? [0] : ends
    }

    /// From a file, with workers whose answers arrive in any order.
    private func ofFile(
        _ data: [UInt8], _ sample: Sample, _ rule: BorderRule, _ generator: inout SeededGenerator
    ) throws -> [Int] {
        let descriptor = try Folder(path: "/tmp").openNameless(0o600)
        let file = SharedDescriptor(owning: descriptor)
        try descriptor.writeAll(data)
        let command = CommandTemplate(["true"], path: "/bin/true")
        let settings = MapSettings(
            command, .records(sample.kind, count: rule.recordCount > 0 ? Int(rule.recordCount) : nil),
            chunkBytes: Int(rule.chunkBytes), jobs: 1)
        let finder = BorderFinder(MapTools(settings, Contexts(), WindowLimit(bytes: 1 << 27, isForAll: false), nil))
        let mapped = MappedFile(
            file: TaskFile(0), start: 0, byteCount: UInt64(data.count), index: nil, frameCount: 0)
        let layout = SlotLayout(mapping: settings)
        let hands = Hands(layout, SharedAreas(layout, slotCount: 1, noteCount: 0, bundleCount: 0))
        var borders = FoundBorders(
            sample.kind, rule, byteCount: UInt64(data.count), aheadOf: Int.random(in: 1...4, using: &generator))
        var asked: [BorderFinder.Work] = []
        var ends: [Int] = []
        var start = 0
        repeat {
            switch borders.next(at: UInt64(start)) {
            case .chunk(let byteCount):
                start += Int(byteCount)
                ends.append(start)
            case .look(let range, _, let question):
                asked.append(
                    BorderFinder.Work(
                        file: mapped, rule: rule,
                        start: range.lowerBound, end: range.upperBound, question: question))
            case .wait:
                try #require(!asked.isEmpty, "nothing is under way")
                let work = asked.remove(at: Int.random(in: 0..<asked.count, using: &generator))
                borders.add(try finder.perform(work, [file], hands))
            case .tooLong:
                throw rule.longRecord(inChunkAt: UInt64(start))
            }
        } while start < data.count
        return ends
    }

    // MARK: Tests

    @Test(arguments: samples) func aFileAndAPipeAreCutWhereAPlainScanSays(sample: Sample) throws {
        var generator = SeededGenerator(for: "borders, \(sample.name)")
        for count in [0, 1, 2, 5, 17, 64, 300, 2000] {
            for _ in 0..<6 {
                let data = data(count, of: sample.alphabet, &generator)
                let isCounted = Bool.random(using: &generator)
                let rule = BorderRule(
                    start: 0, chunkBytes: UInt64.random(in: 1...50, using: &generator),
                    recordCount: isCounted ? UInt64.random(in: 1...9, using: &generator) : 0, mostRecordBytes: 1 << 20,
                    endBytes: UInt64(sample.kind.endBytes))
                let expected = plainly(data, sample, rule)
                #expect(try ofPipe(data, sample, rule, &generator) == expected, "a pipe, \(rule), \(data)")
                #expect(try ofFile(data, sample, rule, &generator) == expected, "a file, \(rule), \(data)")
            }
        }
    }

    @Test(arguments: samples) func aRecordTooLongForOneIsTooLongForBoth(sample: Sample) throws {
        var generator = SeededGenerator(for: "long records, \(sample.name)")
        for _ in 0..<60 {
            let data = data(200, of: sample.alphabet, &generator)
            let rule = BorderRule(
                start: 0, chunkBytes: UInt64.random(in: 1...50, using: &generator), recordCount: 0,
                mostRecordBytes: UInt64.random(in: 1...30, using: &generator),
                endBytes: UInt64(sample.kind.endBytes))
            var messages: [String] = []
            for way in [ofPipe, ofFile] {
                do {
                    messages.append("\(try way(data, sample, rule, &generator))")
                } catch let error as PoolmapError {
                    messages.append(error.message)
                }
            }
            // On a pipe, a pattern is matched only against what has arrived.
            if case .start = sample.kind { continue }
            #expect(messages[0] == messages[1], "\(rule), \(data)")
        }
    }

    @Test func cutsAreCountedFromBehindTheHeader() {
        let rule = BorderRule(start: 7, chunkBytes: 10, recordCount: 0, mostRecordBytes: 5, endBytes: 1)
        #expect([7, 8, 16, 17, 18].map { rule.cut(behind: $0) } == [17, 17, 17, 27, 27])
        #expect(rule.limit(ofChunkAt: 7) == 22)
        let counted = BorderRule(start: 7, chunkBytes: 10, recordCount: 3, mostRecordBytes: 5, endBytes: 1)
        #expect(counted.limit(ofChunkAt: 30) == 45)
    }

    @Test func recordsOfOneLengthFillChunks() {
        #expect(ChunkCut.bytes.stepBytes(100) == 100)
        #expect(ChunkCut.recordBytes(30, count: nil).stepBytes(100) == 90)
        #expect(ChunkCut.recordBytes(300, count: nil).stepBytes(100) == 300)
        #expect(ChunkCut.recordBytes(30, count: 7).stepBytes(100) == 210)
        #expect(ChunkCut.records(.lines, count: nil).stepBytes(100) == nil)
    }
}
