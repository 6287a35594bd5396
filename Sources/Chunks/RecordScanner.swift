import CFiles
import Glibc
import Ground

/// How records are delimited.
package enum RecordKind: Sendable {
    /// A record ends after each occurrence of these bytes.
    case separator([UInt8])
    /// A record ends after each line feed outside double quotes.
    case csv
    /// A record ends before each line that matches.
    case start(LinePattern)

    /// A record ends after each line.
    package static let lines = RecordKind.separator([UInt8(ascii: "\n")])

    /// Whether everything before a place decides whether a record ends there.
    package var dependsOnAll: Bool {
        if case .csv = self { return true }
        return false
    }

    /// How many bytes before a record's end belong to its delimiter.
    package var endBytes: Int {
        if case .separator(let bytes) = self { return bytes.count }
        return 1
    }

    /// How many bytes after a place decide whether a record ends there.
    var lookaheadBytes: Int {
        if case .start = self { return RecordKind.mostLineBytes }
        return 0
    }

    /// How much of a line is matched against a pattern.
    package static let mostLineBytes = 64 << 10
}

/// Finds the ends of records in bytes that arrive in pieces.
struct RecordScanner {
    private let kind: RecordKind
    /// Whether the scanner is within double quotes.
    private(set) var isQuoted: Bool
    /// Bytes from earlier pieces that may belong to a delimiter or to an incomplete line.
    private var carried: [UInt8] = []
    /// Whether the current line began before the scanned data, so its beginning is unknown.
    private var isWithinLine: Bool

    /// - Parameters:
    ///   - isQuoted: whether the first byte is within double quotes.
    ///   - isAtStart: whether the data begins with the first byte fed, rather than somewhere before it.
    ///   - context: bytes before the first one, which may begin a separator.
    init(_ kind: RecordKind, isQuoted: Bool = false, isAtStart: Bool = false, behind context: [UInt8] = []) {
        (self.kind, self.isQuoted, carried) = (kind, isQuoted, context)
        isWithinLine = !isAtStart
    }

    /// Takes the next bytes, which begin at `offset`; calls `body` with the end of each record until it returns true.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, _ body: (UInt64) -> Bool) {
        switch kind {
        case .separator(let separator) where separator.count == 1:
            forEach(separator[0], in: bytes) { place in body(offset + UInt64(place) + 1) }
        case .separator(let separator): feed(separator, bytes, at: offset, body)
        case .csv: feedCSV(bytes, at: offset, body)
        case .start(let pattern): feed(pattern, bytes, at: offset, body)
        }
    }

    /// Takes the end of the data, which ends a line too.
    mutating func finish(at offset: UInt64, _ body: (UInt64) -> Bool) {
        guard case .start(let pattern) = kind, !isWithinLine, !carried.isEmpty else { return }
        decide(pattern, at: offset - UInt64(carried.count)) { body($0) }
    }

    /// Whether the following bytes decide whether a record ends before them.
    var hasOpenLine: Bool {
        if case .start = kind { return !isWithinLine }
        return false
    }

    private func forEach(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, _ body: (Int) -> Bool) {
        guard let base = bytes.baseAddress else { return }
        var place = 0
        while place < bytes.count, let found = memchr(base + place, Int32(byte), bytes.count - place) {
            place = UnsafeRawPointer(found) - base
            if body(place) { return }
            place += 1
        }
    }

    private mutating func feed(
        _ separator: [UInt8], _ bytes: UnsafeRawBufferPointer, at offset: UInt64, _ body: (UInt64) -> Bool
    ) {
        let carriedCount = carried.count
        // A separator across the border between two pieces.
        let seam = carried + bytes.prefix(separator.count - 1)
        var isEnough = false
        seam.withUnsafeBytes { seam in
            forEachPlace(of: separator, in: seam) { place in
                isEnough = place < carriedCount && body(offset + UInt64(place + separator.count) - UInt64(carriedCount))
                return isEnough
            }
        }
        if !isEnough {
            forEachPlace(of: separator, in: bytes) { place in body(offset + UInt64(place + separator.count)) }
        }
        carried = Array((carried + bytes.suffix(separator.count - 1)).suffix(separator.count - 1))
    }

    private func forEachPlace(of separator: [UInt8], in bytes: UnsafeRawBufferPointer, _ body: (Int) -> Bool) {
        guard let base = bytes.baseAddress else { return }
        separator.withUnsafeBytes { separator in
            var place = 0
            while place < bytes.count,
                let found = poolmap_find_bytes(
                    base + place, bytes.count - place, separator.baseAddress, separator.count)
            {
                place = found - base
                if body(place) { return }
                place += 1
            }
        }
    }

    private mutating func feedCSV(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, _ body: (UInt64) -> Bool) {
        var isQuoted = isQuoted
        for (place, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == UInt8(ascii: "\n"), !isQuoted, body(offset + UInt64(place) + 1) {
                return
            }
        }
        self.isQuoted = isQuoted
    }

    private mutating func feed(
        _ pattern: LinePattern, _ bytes: UnsafeRawBufferPointer, at offset: UInt64, _ body: (UInt64) -> Bool
    ) {
        var start = 0
        while start < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            let place = offset + UInt64(start) - UInt64(carried.count)
            var isEnough = false
            if !isWithinLine {
                carried += rest[..<(end ?? rest.count)].prefix(RecordKind.mostLineBytes - carried.count)
                if end != nil || carried.count == RecordKind.mostLineBytes {
                    isEnough = decide(pattern, at: place, body)
                }
            }
            if isEnough { return }
            guard let end else { return }
            isWithinLine = false
            start += end + 1
        }
    }

    /// Matches the carried line against the pattern; the rest of the line is ignored.
    @discardableResult
    private mutating func decide(_ pattern: LinePattern, at place: UInt64, _ body: (UInt64) -> Bool) -> Bool {
        let isStart = carried.withUnsafeBytes { pattern.matches($0) }
        carried.removeAll(keepingCapacity: true)
        isWithinLine = true
        return isStart && body(place)
    }
}
