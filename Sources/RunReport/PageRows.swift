import Ground

/// The inputs of a run as rows of the page's data, as short as 100,000 of them ask for.
///
/// A row is the array
///
///     [shared, rest, output, status, inputBytes, outputBytes, error, salvage, pieces, notes]
///
/// The input's name is the first `shared` UTF-16 code units of the name before it, and `rest`; `output` is null, or the
/// same of the input's name: `[shared, rest]`. `pieces` has `numbersOfPiece` numbers for each piece, one behind the other:
///
/// | number | of a piece |
/// |---|---|
/// | gap | its offset, counted from the end of the piece before it |
/// | length | its bytes of the input |
/// | bytes | what came of it; -1 where the report does not say, -2 for what `--resume` took over |
/// | worker | who did it, by the place among `workers` |
/// | start | microseconds since the start of the last piece, of whatever file |
/// | duration | microseconds |
/// | tries | |
/// | queued | microseconds from when it was handed out to its start; -1 where the report does not say |
/// | turn | microseconds from its end to when its result was taken; -1 likewise |
///
/// `notes` has what few pieces have: `[place, {"count": …, "attempts": …, "error": …}]`.
struct PageRows {
    /// The processes, in the order in which they first appear.
    private var workerIDs: [UInt64] = []
    private var places: [UInt64: Int] = [:]
    private var lastName = ""
    private var lastStart: Int64 = 0
    private var hasRow = false

    init() {}

    var workers: JSONText { .array(workerIDs.map { .number($0) }) }

    mutating func row(of file: ReportedFile) -> [UInt8] {
        let (shared, rest) = sharedPrefix(of: file.input, with: lastName)
        lastName = file.input
        var head: [JSONText] = [.number(shared), .string(rest), .null, .string(file.status)]
        if let output = file.output {
            let (shared, rest) = sharedPrefix(of: output, with: file.input)
            head[2] = .array([.number(shared), .string(rest)])
        }
        head += [.number(orNull: file.inputBytes), .number(orNull: file.outputBytes), file.error, file.salvage]
        var notes: [JSONText] = []
        var row = pageSafe((hasRow ? ",\n" : "\n") + JSONText.array(head).text.dropLast() + ",[")
        hasRow = true
        var end: UInt64 = 0
        for (place, piece) in file.pieces.enumerated() {
            if place > 0 { row.append(UInt8(ascii: ",")) }
            append(piece, behind: end, to: &row)
            end = piece.offset &+ piece.length
            if let note = note(of: piece) { notes.append(.array([.number(UInt64(place)), note])) }
        }
        row += "],".utf8
        return row + pageSafe(JSONText.array(notes).text + "]")
    }

    private mutating func append(_ piece: ReportedPiece, behind end: UInt64, to row: inout [UInt8]) {
        let start = Int64(clamping: piece.startNanoseconds / 1000)
        let ended = piece.startNanoseconds &+ piece.durationNanoseconds
        let numbers: [Int64] = [
            Int64(truncatingIfNeeded: piece.offset &- end), Int64(clamping: piece.length), bytes(of: piece.result),
            Int64(place(of: piece.worker)), start - lastStart, Int64(clamping: piece.durationNanoseconds / 1000),
            Int64(clamping: piece.tries),
            piece.queuedNanoseconds.map { microseconds(from: $0, to: piece.startNanoseconds) } ?? -1,
            piece.takenNanoseconds.map { microseconds(from: ended, to: $0) } ?? -1,
        ]
        lastStart = start
        for (place, number) in numbers.enumerated() {
            if place > 0 { row.append(UInt8(ascii: ",")) }
            row.append(decimal: number)
        }
    }

    private mutating func place(of worker: UInt64) -> Int {
        if let place = places[worker] { return place }
        workerIDs.append(worker)
        places[worker] = workerIDs.count - 1
        return workerIDs.count - 1
    }
}

private func microseconds(from start: UInt64, to end: UInt64) -> Int64 {
    Int64(clamping: (end - min(start, end)) / 1000)
}

/// What came of a piece, in bytes.
private func bytes(of result: JSONText) -> Int64 {
    guard case .object(let members) = result else { return -1 }
    for case ("bytes", .number(let count)) in members { return Int64(clamping: count) }
    return members.contains { $0.0 == "kept" } ? -2 : -1
}

/// What the columns do not say of a piece; nil for most.
private func note(of piece: ReportedPiece) -> JSONText? {
    var members: [(String, JSONText)] = piece.count == 1 ? [] : [("count", .number(piece.count))]
    if case .object(let results) = piece.result {
        for case ("attempts", .number(let count)) in results where count > 1 {
            members.append(("attempts", .number(count)))
        }
        for case ("error", .object(let error)) in results { members.append(("error", .object(error))) }
    }
    return members.isEmpty ? nil : .object(members)
}

/// How much of a name is how the other one begins, in the UTF-16 code units of JSON, and the rest.
private func sharedPrefix(of name: String, with other: String) -> (count: UInt64, rest: String) {
    var (own, others) = (name.unicodeScalars[...], other.unicodeScalars[...])
    var count = 0
    while let scalar = own.first, scalar == others.first {
        // A byte that is not UTF-8 is one surrogate in JSON.
        count += FileName.isEscape(scalar) ? 1 : UTF16.width(scalar)
        own.removeFirst()
        others.removeFirst()
    }
    return (UInt64(count), String(own))
}

extension [UInt8] {
    fileprivate mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
