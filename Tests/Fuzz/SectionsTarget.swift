@testable import SeekableZstd

extension FuzzTarget {
    /// The rules for a file: the auditor must accept what the writer makes, and no other table.
    static let sections = FuzzTarget(
        name: "sections", mostBytes: 256, leastEdges: 370,
        seeds: { [[3, 1, 10, 20, 30, 40, 7, 8, 9, 10], [1, 0, 5, 5, 5, 5, 5, 3, 2], [0, 1, 0, 0, 0, 0, 1, 50, 1]] },
        run: { bytes in
            var choices = Choices(bytes)
            guard let section = Section(&choices) else { return }
            require(
                section.error() == nil, "the auditor refuses what the writer wrote: \(section.error().debugDescription)"
            )
            var changed = section
            changed.change(choices.number(UInt16.self), choices.byte())
            let isOther = changed.tables != section.tables
            require(!isOther || changed.error() != nil, "the auditor takes a table with a changed byte")
            // With more choices, it may become a file of another program.
            while !choices.isEmpty {
                changed.change(choices.number(UInt16.self), choices.byte())
            }
            _ = changed.error()
        })

    /// A section whose frames exist only as numbers.
    private struct Section {
        let frames: [DataFrame]
        var tables: [UInt8]

        /// nil if frames of these sizes make no section.
        init?(_ choices: inout Choices) {
            let count = Int(choices.byte() % 8) + 1
            let hasChecksums = choices.byte() % 2 == 1
            let chunkBytes = UInt32(choices.byte()) + 1
            let mark: SectionMark = choices.byte() % 2 == 1 ? .anyChunks : .equalChunks
            var writer = SectionWriter()
            var frames: [DataFrame] = []
            for index in 0..<count {
                let isLast = index == count - 1
                let frame = DataFrame(
                    compressedBytes: UInt64(choices.number(UInt32.self)) + 9,
                    contentBytes: isLast ? UInt64(choices.byte()) : UInt64(chunkBytes),
                    contentChecksum: hasChecksums ? choices.number() : nil, crc32c: choices.number(),
                    mark: index == 0 ? mark : nil)
                guard (try? writer.add(frame)) != nil else { return nil }
                frames.append(frame)
            }
            self.frames = frames
            tables = writer.finish()
        }

        mutating func change(_ place: UInt16, _ value: UInt8) {
            tables[Int(place) % tables.count] ^= value
        }

        /// Why the auditor does not accept it.
        func error() -> FormatError? {
            var auditor = SectionAuditor()
            do throws(FormatError) {
                for frame in frames { try auditor.add(frame) }
                guard try add(tables, to: &auditor) else { return .empty }
                try auditor.finish()
            } catch {
                return error
            }
            return nil
        }

        /// Adds skippable frames; returns false if their lengths do not match the bytes.
        private func add(_ bytes: [UInt8], to auditor: inout SectionAuditor) throws(FormatError) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                guard let frame = Array(rest).withUnsafeBytes({ SkippableFrame($0) }), frame.frameBytes <= rest.count
                else { return false }
                let whole = Array(rest.prefix(Int(frame.frameBytes)))
                let wanted = auditor.bytesWanted(ofSkippable: frame.nibble, frameBytes: frame.frameBytes)
                require(wanted <= whole.count, "\(wanted) bytes are wanted of \(whole.count)")
                try Array(whole.prefix(max(wanted, 8))).withBytes { (bytes) throws(FormatError) in
                    try auditor.add(skippable: bytes)
                }
                rest = rest.dropFirst(whole.count)
            }
            return true
        }
    }
}
