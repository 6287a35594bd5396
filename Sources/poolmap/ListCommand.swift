import ArgumentParser
import Ground
import Operations

/// `poolmap list`.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "list",
        abstract: "Print information about compressed files, without decompressing them.")

    @Flag(name: .long, help: "Print JSON: an array with one object per file.")
    var json = false

    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Print a line about each frame.")
    var loudness: Int

    private var verbose: Bool { loudness > 0 }

    @Flag(
        name: [.customShort("q"), .customLong("quiet")],
        help: "Print errors only; if given twice, not even those. Each -v cancels one -q.")
    var quietness: Int

    private var quiet: Bool { quietness > 0 }

    @Argument(help: ArgumentHelp("Compressed regular files.", valueName: "file"), completion: .compressedFile)
    var files: [String]

    func run() throws {
        var failure: PoolmapError?
        var output = LineOutput()
        var count = 0
        for path in files {
            var found: PoolmapError?
            var listing: Listing?
            do throws(PoolmapError) {
                listing = try Listing(path: path)
            } catch {
                found = error
            }
            if let listing {
                found = try write(path, listing, isFirst: count == 0, to: &output)
                count += 1
            }
            if let found {
                complain(found, about: path)
                failure = failure ?? found
            }
        }
        if json {
            try output.write(count == 0 ? "[]\n" : "\n]\n")
        }
        try output.flush()
        if let failure {
            throw RunFailed(first: failure)
        }
    }

    /// Returns an error that shows only when the frames are listed; nil if there is none.
    private func write(
        _ path: String, _ listing: Listing, isFirst: Bool, to output: inout LineOutput
    ) throws(PoolmapError) -> PoolmapError? {
        if json {
            try output.write(isFirst ? "[\n  " : ",\n  ")
            return try writeObject(path, listing, to: &output)
        }
        if quiet { return nil }
        if isFirst {
            try output.write(row(["Frames", "Skips", "Compressed", "Content", "Ratio", "Check", "Seek table", "File"]))
        }
        try output.write(
            row([
                "\(listing.frameCount)", "\(listing.skippableCount)", readable(listing.compressedBytes),
                listing.contentBytes.map(readable) ?? "unknown", listing.ratioText ?? "-",
                listing.hasChecksums ?? false ? "XXH64" : "none", listing.seekTable.rawValue,
                FileName.printable(path),
            ]))
        guard verbose else { return nil }
        return try write(listing, to: &output) { index, frame in
            let content = frame.contentBytes.map { "\($0)" } ?? "unknown"
            let dictionary = frame.dictionaryID.map { ", dictionary \($0)" } ?? ""
            return
                "  frame \(index): \(frame.compressedBytes) bytes at \(frame.offset), content \(content)\(dictionary)\n"
        }
    }

    /// Writes a text for each frame, one at a time, since there may be too many to hold in memory.
    private func write(
        _ listing: Listing, to output: inout LineOutput, _ text: (Int, Listing.Frame) -> String
    ) throws(PoolmapError) -> PoolmapError? {
        var index = 0
        var failure: PoolmapError?
        do throws(PoolmapError) {
            try listing.forEachFrame { (frame) throws(PoolmapError) in
                do throws(PoolmapError) {
                    try output.write(text(index, frame))
                } catch {
                    failure = error
                    throw error
                }
                index += 1
            }
        } catch {
            if let failure { throw failure }
            return error
        }
        return nil
    }

    private func row(_ columns: [String]) -> String {
        let widths = [7, 6, 12, 12, 7, 6, 10]
        let padded = zip(columns, widths).map { column, width in
            String(repeating: " ", count: max(0, width - column.count)) + column
        }
        return padded.joined(separator: " ") + "  \(columns[7])\n"
    }

    private func writeObject(
        _ path: String, _ listing: Listing, to output: inout LineOutput
    ) throws(PoolmapError) -> PoolmapError? {
        let members: [(String, JSONText)] = [
            ("file", .string(path)), ("frames", .number(UInt64(listing.frameCount))),
            ("skippableFrames", .number(UInt64(listing.skippableCount))),
            ("compressedBytes", .number(listing.compressedBytes)),
            ("contentBytes", .number(orNull: listing.contentBytes)),
            ("ratio", listing.ratioText.map { .decimal($0) } ?? .null),
            ("checksum", listing.hasChecksums ?? false ? .string("XXH64") : .null),
            ("seekTable", .string(listing.seekTable.rawValue)),
            ("dictionaryIDs", listing.dictionaryIDs.map { .array($0.map { .number(UInt64($0)) }) } ?? .null),
            ("chunkBytes", .number(orNull: listing.chunkBytes)),
        ]
        let text = JSONText.object(members).text
        guard verbose else {
            try output.write(text)
            return nil
        }
        try output.write("\(text.dropLast()), \"frameList\": [")
        let failure = try write(listing, to: &output) { index, frame in
            (index == 0 ? "" : ", ") + frameObject(frame).text
        }
        try output.write("]}")
        return failure
    }

    private func frameObject(_ frame: Listing.Frame) -> JSONText {
        .object([
            ("offset", .number(frame.offset)), ("compressedBytes", .number(frame.compressedBytes)),
            ("contentBytes", .number(orNull: frame.contentBytes)),
            ("dictionaryID", .number(orNull: frame.dictionaryID.map { UInt64($0) })),
        ])
    }
}

extension Listing {
    /// Content bytes per compressed byte, with three decimals.
    var ratioText: String? {
        contentBytes.map { ratio($0, compressedBytes) }
    }
}
