import Ground

/// Encodes the inputs of a run as rows of the page's data.
///
/// Rows are short, because a run may have 100,000 of them.
///
/// A row is the array
///
///     [input, output, status, inputBytes, outputBytes, pieces, notes, error, salvage]
///
/// without `notes`, `error` and `salvage` at its end if they are empty. `input` is `[shared, rest]`: the name consists of
/// the first `shared` UTF-16 code units of the previous input's name, and `rest`. `output` is null, or `[shared, rest]`
/// relative to its own input, or `[shared, rest, 1]` relative to the previous output. `pieces` is a flat array with these
/// numbers for each piece:
///
/// | number | meaning |
/// |---|---|
/// | gap | the offset, relative to the end of the previous piece |
/// | length | its bytes of the input |
/// | bytes | the bytes of the result; -1 if unknown, -2 if `--resume` kept the existing frame |
/// | worker | the index of the process in `workers` |
/// | start | microseconds since the start of the previous piece, even of another file |
/// | duration | microseconds |
/// | tries | as in the report |
/// | queued | microseconds from being handed out to its start; -1 if unknown |
/// | turn | microseconds from its end until its result was taken; -1 if unknown |
///
/// `notes` holds what only few pieces have: `[place, {"count": …, "attempts": …, "error": …}]`.
struct PageRows {
    /// The processes, in the order in which they first appear.
    private var workerIDs: [UInt64] = []
    private var places: [UInt64: Int] = [:]
    private var lastInput = ""
    private var lastOutput = ""
    private var lastStart: Int64 = 0
    private var hasRow = false

    init() {}

    var workers: JSONText { .array(workerIDs.map { .number($0) }) }

    mutating func row(of file: ReportedFile) -> [UInt8] {
        let input = sharedPrefix(of: file.input, with: lastInput)
        lastInput = file.input
        let head: [JSONText] = [
            .array([.number(input.count), .string(input.rest)]), outputName(file), .string(file.status),
            .number(orNull: file.inputBytes), .number(orNull: file.outputBytes),
        ]
        var row = Array((hasRow ? ",\n[" : "\n[").utf8)
        hasRow = true
        for value in head { row += pageSafe(value.text + ",") }
        row.append(UInt8(ascii: "["))
        var notes: [JSONText] = []
        var end: UInt64 = 0
        for (place, piece) in file.pieces.enumerated() {
            if place > 0 { row.append(UInt8(ascii: ",")) }
            append(piece, behind: end, to: &row)
            end = piece.offset &+ piece.length
            if let note = note(of: piece) { notes.append(.array([.number(UInt64(place)), note])) }
        }
        row.append(UInt8(ascii: "]"))
        var tail: [JSONText] = [.array(notes), file.error, file.salvage]
        while let last = tail.last, last.saysNothing { tail.removeLast() }
        for value in tail { row += pageSafe("," + value.text) }
        row.append(UInt8(ascii: "]"))
        return row
    }

    private mutating func outputName(_ file: ReportedFile) -> JSONText {
        guard let output = file.output else { return .null }
        let (own, last) = (sharedPrefix(of: output, with: file.input), sharedPrefix(of: output, with: lastOutput))
        lastOutput = output
        let isLikeLast = last.count > own.count
        let shared = isLikeLast ? last : own
        return .array([.number(shared.count), .string(shared.rest)] + (isLikeLast ? [.number(1)] : []))
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

/// Escapes JSON for an HTML script element: without `<`, which JSON has only in strings, no tag can begin or end there.
func pageSafe(_ json: String) -> [UInt8] {
    var safe: [UInt8] = []
    safe.reserveCapacity(json.utf8.count)
    for byte in json.utf8 {
        if byte == UInt8(ascii: "<") {
            safe += "\\u003c".utf8
        } else {
            safe.append(byte)
        }
    }
    return safe
}

private func microseconds(from start: UInt64, to end: UInt64) -> Int64 {
    Int64(clamping: (end - min(start, end)) / 1000)
}

/// The bytes of a piece's result.
private func bytes(of result: JSONText) -> Int64 {
    guard case .object(let members) = result else { return -1 }
    for case ("bytes", .number(let count)) in members { return Int64(clamping: count) }
    return members.contains { $0.0 == "kept" } ? -2 : -1
}

/// What the numbers of a piece do not cover; nil for most pieces.
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

/// Splits a name into the prefix that it shares with another, as a number of JSON's UTF-16 code units, and the rest.
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

extension JSONText {
    fileprivate var saysNothing: Bool {
        switch self {
        case .null: true
        case .array(let values): values.isEmpty
        default: false
        }
    }
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
