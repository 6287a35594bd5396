import CZstd

@testable import Salvage

extension FuzzTarget {
    /// The search for frames in a damaged file, and the plan to recover it.
    static let salvage = FuzzTarget(
        name: "salvage", mostBytes: 2048, leastEdges: 1700, seeds: { try Samples.files() },
        run: { bytes in
            let file = Array(bytes)
            let parts = foundParts(of: file, windowBytes: 256 << 10)
            // Parts must be adjacent, up to the end of the file.
            var end: UInt64 = 0
            for part in parts {
                require(part.lowerBound == end && part.upperBound > end, "\(part) follows a part that ends at \(end)")
                end = part.upperBound
            }
            require(end == UInt64(file.count), "the parts end at \(end), and the file at \(file.count)")
            require(foundParts(of: file, windowBytes: 7) == parts, "another window finds other parts")
            plan(file)
        })

    private static func source(_ file: [UInt8]) -> SalvageSource {
        SalvageSource(byteCount: UInt64(file.count)) { offset, count in
            require(Int(offset) + count <= file.count, "a read behind the end")
            return Array(file[Int(offset)..<Int(offset) + count])
        }
    }

    private static func foundParts(of file: [UInt8], windowBytes: Int) -> [Range<UInt64>] {
        let finder = FrameFinder(source(file), windowBytes: windowBytes)
        var parts: [Range<UInt64>] = []
        do {
            while let part = try finder.next(probe: { probe(file[Int($0.lowerBound)..<Int($0.upperBound)]) }) {
                parts.append(part.range)
            }
        } catch {
            require(false, "\(error)")
        }
        return parts
    }

    private static func plan(_ file: [UInt8]) {
        do {
            let plan = try SalvagePlan(source(file))
            var stepCount = 0
            while let step = try plan.next(probe: { probe(file[Int($0.lowerBound)..<Int($0.upperBound)]) }) {
                stepCount += 1
                require(stepCount <= 4 * file.count + 64, "there is no end of steps")
                switch step {
                case .frame(let frame):
                    require(frame.found.range.upperBound <= file.count, "a frame behind the file's end")
                case .lost(let loss): require(loss.file.upperBound <= file.count, "\(loss) of \(file.count) bytes")
                case .skippable, .harmless: break
                }
            }
        } catch {
            require(false, "\(error)")
        }
    }

    /// libzstd's verdict on a frame.
    private static func probe(_ frame: ArraySlice<UInt8>) -> FrameFinder.ProbeResult {
        let context = ZSTD_createDStream()
        defer { ZSTD_freeDStream(context) }
        return withUnsafeTemporaryAllocation(byteCount: 1 << 17, alignment: 64) { space in
            frame.withUnsafeBytes { bytes in
                var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
                while true {
                    var output = ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
                    let result = ZSTD_decompressStream(context, &output, &input)
                    if ZSTD_isError(result) != 0 { return .damaged }
                    if result == 0 { return input.pos == input.size ? .whole : .damaged }
                    if input.pos == input.size, output.pos < output.size { return .cut }
                }
            }
        }
    }
}
