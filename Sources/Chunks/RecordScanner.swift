import CFiles
import Glibc
import Ground

/// What records are, and where they end.
package enum RecordKind: Sendable {
    /// Behind each place where these bytes are.
    case separator([UInt8])
    /// Behind each line end that is not within double quotes.
    case csv
    /// In front of each line that matches.
    case start(LinePattern)

    /// Behind each line.
    package static let lines = RecordKind.separator([UInt8(ascii: "\n")])

    /// Whether all that is before a place says whether a record ends there.
    package var dependsOnAll: Bool {
        if case .csv = self { return true }
        return false
    }

    /// How many bytes in front of a record's end belong to what ends it.
    package var endBytes: Int {
        if case .separator(let bytes) = self { return bytes.count }
        return 1
    }

    /// How many bytes behind a place say whether a record ends there.
    var lookaheadBytes: Int {
        if case .start = self { return RecordKind.mostLineBytes }
        return 0
    }

    /// So much of a line is held against a pattern.
    package static let mostLineBytes = 64 << 10
}

/// Finds the ends of records in bytes that come one piece after the other.
struct RecordScanner {
    private let kind: RecordKind
    /// Within double quotes.
    private(set) var isQuoted: Bool
    /// The bytes before the next ones that may belong to an end, or to a line that is not whole.
    private var carried: [UInt8] = []
    /// The line began before what was seen, so that nobody knows how.
    private var isWithinLine: Bool

    /// - Parameters:
    ///   - isQuoted: whether the first byte is within double quotes.
    ///   - isAtStart: whether the first byte is that of the data, and not one that says something of the next.
    ///   - context: bytes in front of the first one, with which it may end a record.
    init(_ kind: RecordKind, isQuoted: Bool = false, isAtStart: Bool = false, behind context: [UInt8] = []) {
        (self.kind, self.isQuoted, carried) = (kind, isQuoted, context)
        isWithinLine = !isAtStart
    }

    /// Takes the next bytes, the first of which is at an offset; `body` gets the end of each record, until it says that this
    /// is enough.
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

    /// Whether the bytes that come next say whether a record has ended before them.
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
        // An end that lies over the border between two pieces.
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

    /// Holds the line that was carried against the pattern; what else there is of it says nothing more.
    @discardableResult
    private mutating func decide(_ pattern: LinePattern, at place: UInt64, _ body: (UInt64) -> Bool) -> Bool {
        let isStart = carried.withUnsafeBytes { pattern.matches($0) }
        carried.removeAll(keepingCapacity: true)
        isWithinLine = true
        return isStart && body(place)
    }
}
