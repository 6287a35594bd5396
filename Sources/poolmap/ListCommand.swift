import ArgumentParser
import PoolmapCore

/// `poolmap list`.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Say what compressed files consist of, without decompressing them.")

    @Flag(name: .long, help: "Write JSON: an array with an object a file.")
    var json = false

    @Flag(name: [.short, .long], help: "Say a line about each frame.")
    var verbose = false

    @Flag(name: [.short, .long], help: "Say nothing but errors.")
    var quiet = false

    @Argument(help: ArgumentHelp("Regular files.", valueName: "file"), completion: .compressedFile)
    var files: [String]

    func run() throws {
        var failure: PoolmapError?
        var listings: [(path: String, listing: Listing)] = []
        for path in files {
            do throws(PoolmapError) {
                listings.append((path, try Listing(path: path)))
            } catch {
                complain(error, about: path)
                failure = failure ?? error
            }
        }
        var output = LineOutput()
        if json {
            try output.write(jsonText(listings) + "\n")
        } else if !quiet {
            try write(listings, to: &output)
        }
        try output.flush()
        if let failure {
            throw RunFailed(first: failure)
        }
    }

    private func write(_ listings: [(path: String, listing: Listing)], to output: inout LineOutput) throws {
        guard !listings.isEmpty else { return }
        try output.write(row(["Frames", "Skips", "Compressed", "Content", "Ratio", "Check", "Seek table", "File"]))
        for (path, listing) in listings {
            try output.write(
                row([
                    "\(listing.frames.count)", "\(listing.skippableCount)", readable(listing.compressedBytes),
                    listing.contentBytes.map(readable) ?? "unknown", listing.ratioText ?? "-",
                    listing.hasChecksums ?? false ? "XXH64" : "none", listing.seekTable.rawValue,
                    FileName.printable(path),
                ]))
            guard verbose else { continue }
            for (index, frame) in listing.frames.enumerated() {
                let content = frame.contentBytes.map { "\($0)" } ?? "unknown"
                try output.write(
                    "  frame \(index): \(frame.compressedBytes) bytes at \(frame.offset), content \(content)\n")
            }
        }
    }

    private func row(_ columns: [String]) -> String {
        let widths = [7, 6, 12, 12, 7, 6, 10]
        let padded = zip(columns, widths).map { column, width in
            String(repeating: " ", count: max(0, width - column.count)) + column
        }
        return padded.joined(separator: " ") + "  \(columns[7])\n"
    }

    private func jsonText(_ listings: [(path: String, listing: Listing)]) -> String {
        let objects = listings.map { path, listing in
            var members: [(String, JSONText)] = [
                ("file", .string(path)), ("frames", .number(UInt64(listing.frames.count))),
                ("skippableFrames", .number(UInt64(listing.skippableCount))),
                ("compressedBytes", .number(listing.compressedBytes)),
                ("contentBytes", .number(orNull: listing.contentBytes)),
                ("ratio", listing.ratioText.map { .decimal($0) } ?? .null),
                ("checksum", listing.hasChecksums ?? false ? .string("XXH64") : .null),
                ("seekTable", .string(listing.seekTable.rawValue)),
                ("chunkBytes", .number(orNull: listing.chunkBytes)),
            ]
            if verbose {
                members.append(("frameList", .array(listing.frames.map(frameObject))))
            }
            return "  \(JSONText.object(members).text)"
        }
        return objects.isEmpty ? "[]" : "[\n\(objects.joined(separator: ",\n"))\n]"
    }

    private func frameObject(_ frame: Listing.Frame) -> JSONText {
        .object([
            ("offset", .number(frame.offset)), ("compressedBytes", .number(frame.compressedBytes)),
            ("contentBytes", .number(orNull: frame.contentBytes)),
        ])
    }
}

extension Listing {
    /// Content bytes for each compressed byte, with three places.
    var ratioText: String? {
        contentBytes.map { ratio($0, compressedBytes) }
    }
}
