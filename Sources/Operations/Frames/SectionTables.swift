import Files
import Ground
import SeekableZstd

extension SectionAuditor {
    /// Reports the next frame, a skippable one, and reads a table to its end.
    ///
    /// - Parameters:
    ///   - bytes: its first bytes, at least `beginningBytes`, or all of a shorter frame.
    ///   - rest: reads what follows them, as far as needed; nil if the caller feeds it.
    mutating func add(skippable bytes: [UInt8], _ rest: FileReader?) throws(PoolmapError) {
        try formatErrors { () throws(FormatError) in
            try bytes.withBytes { (bytes) throws(FormatError) in
                let known = min(bytes.count, SectionAuditor.beginningBytes)
                try begin(skippable: bytes.bytes(in: 0..<known))
                let end = min(bytes.count, known + missingBytes)
                try feed(bytes.bytes(in: known..<end))
            }
        }
        guard var rest, missingBytes > 0 else { return }
        try withPiece { (space) throws(PoolmapError) in
            while missingBytes > 0 {
                let count = try rest.read(into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(missingBytes)))
                let piece = UnsafeRawBufferPointer(rebasing: space[..<count])
                try formatErrors { () throws(FormatError) in try feed(piece) }
            }
        }
    }
}

/// Memory for a piece of a long table.
func withPiece<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Result
) throws(PoolmapError) -> Result {
    let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    defer { space.deallocate() }
    return try body(space)
}
