import Ground

/// One input in a report; docs/report.md describes the fields.
package struct ReportedFile {
    package var input: String
    package var output: String?
    package var status: String
    package var error: JSONText
    package var inputBytes: UInt64?
    package var outputBytes: UInt64?
    package var digests: [String]
    package var salvage: JSONText
    package var pieces: [ReportedPiece]

    package init(
        input: String, output: String?, status: String, error: JSONText = .null, inputBytes: UInt64? = nil,
        outputBytes: UInt64? = nil, digests: [String] = [], salvage: JSONText = .null, pieces: [ReportedPiece] = []
    ) {
        self.input = input
        self.output = output
        self.status = status
        self.error = error
        self.inputBytes = inputBytes
        self.outputBytes = outputBytes
        self.digests = digests
        self.salvage = salvage
        self.pieces = pieces
    }

    /// Its JSON in the report.
    package var json: JSONText {
        .object([
            ("input", .string(input)), ("output", output.map { .string($0) } ?? .null), ("status", .string(status)),
            ("error", error), ("inputBytes", .number(orNull: inputBytes)),
            ("outputBytes", .number(orNull: outputBytes)), ("digests", .array(digests.map { .string($0) })),
            ("salvage", salvage), ("chunks", .array(pieces.map(\.json))),
        ])
    }

    /// Reads it from a report; throws if a field is missing or of another type.
    package init(_ reader: inout JSONReader) throws(PoolmapError) {
        var rest: [(String, JSONText)] = []
        var pieces: [ReportedPiece]?
        try reader.forEachMember { (name, reader) throws(PoolmapError) in
            guard name == "chunks" else { return rest.append((name, try reader.value())) }
            var read: [ReportedPiece] = []
            try reader.forEachElement { (reader) throws(PoolmapError) in
                read.append(try ReportedPiece(try reader.value()))
            }
            pieces = read
        }
        let members = try ReportMembers(.object(rest), "a file")
        guard let pieces else { throw .damaged("is not a report: chunks of a file is not an array") }
        self.init(
            input: try members.string("input"), output: try members.optionalString("output"),
            status: try members.string("status"), error: try members.result("error"),
            inputBytes: try members.optionalNumber("inputBytes"),
            outputBytes: try members.optionalNumber("outputBytes"), digests: try members.strings("digests"),
            salvage: try members.result("salvage"), pieces: pieces)
    }
}
