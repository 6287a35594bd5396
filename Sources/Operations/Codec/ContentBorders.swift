import Multiprocessing

/// The rule for `--rsyncable` borders: they depend on the content, so that inserted or removed bytes move only the next
/// border.
///
/// A *match* is a place where a hash of the 64 bytes before it begins with a certain number of zero bits. The input is
/// divided into cells, and only the first match of each cell counts, which limits the number of matches in repetitive
/// content. A chunk ends at the first counted match that makes it at least `leastBytes` long, or at `mostBytes`. Since
/// a match depends only on the bytes around it, any number of processes can search for matches.
///
/// The hash is the one called Gear: for each byte it is doubled, and a random number for that byte is added.
struct ContentBorders {
    /// No chunk but the last is shorter.
    let leastBytes: Int
    /// No chunk is longer.
    let mostBytes: Int
    /// The size and alignment of a cell, in which one match counts.
    let cellBytes: UInt64
    /// The highest bits of a hash, which are zero for a match: on average in one place of `leastBytes`.
    fileprivate let mask: UInt64

    /// How many bytes before a place decide whether it is a match.
    static let windowBytes = 64

    /// - Parameter mostBytes: at least 1,024.
    init(mostBytes: Int) {
        self.mostBytes = mostBytes
        leastBytes = mostBytes / 4
        let bits = Int.bitWidth - 1 - leastBytes.leadingZeroBitCount
        mask = ~(.max >> UInt64(bits))
        cellBytes = 1 << UInt64(bits - 4)
    }

    /// The start of the first cell in which a chunk that begins at `offset` may end.
    func firstCell(ofChunkAt offset: UInt64) -> UInt64 {
        (offset + UInt64(leastBytes)) / cellBytes * cellBytes
    }

    /// A random number for each byte: the outputs of SplitMix64 from 0 on.
    ///
    /// They determine borders, so they must never change.
    fileprivate static let gear: [UInt64] = (1...256).map { index in
        var number = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }
}

/// Searches for matches from a place on, as the bytes arrive.
struct MatchSearch {
    private let borders: ContentBorders
    /// The place before the next byte.
    private var place: UInt64
    private var hash: UInt64 = 0
    /// The first place where the next match may be: after the window is full, in a cell without a match.
    private var next: UInt64

    /// - Parameter place: the start of a cell. The bytes to feed begin `windowBytes` before it.
    init(_ borders: ContentBorders, from place: UInt64) {
        self.borders = borders
        next = place
        self.place = place - UInt64(ContentBorders.windowBytes)
    }

    /// Takes the next bytes; calls `body` with the place of each match among them until it returns true.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (UInt64) -> Bool) {
        let (mask, cell) = (borders.mask, borders.cellBytes)
        ContentBorders.gear.withUnsafeBufferPointer { gear in
            for byte in bytes {
                if hash & mask == 0, place >= next {
                    next = (place / cell + 1) * cell
                    if body(place) { return }
                }
                hash = hash << 1 &+ gear[Int(byte)]
                place += 1
            }
        }
    }
}
