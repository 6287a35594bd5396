import Multiprocessing

/// Where content is cut for `--rsyncable`: by what it holds, so that bytes that are inserted or removed move no border
/// but the next.
///
/// A *match* is a place at which a hash of the 64 bytes before it begins with so many zero bits. The input is divided
/// into cells, and of each only the first match counts: that bounds what is to be told of content that repeats itself.
/// A chunk ends at the first of these that leaves it `leastBytes`, or else has `mostBytes`. So each match follows from
/// the bytes around it, and any number of processes can look for them.
///
/// The hash is the one called Gear: with each byte it is doubled, and a random number of the byte's own is added.
struct ContentBorders {
    /// No chunk but the last is shorter.
    let leastBytes: Int
    /// No chunk is longer.
    let mostBytes: Int
    /// Of so many bytes, from a multiple of it on, one match counts.
    let cellBytes: UInt64
    /// The highest bits of a hash, which a match has zero: on average one place of `leastBytes` is one.
    fileprivate let mask: UInt64

    /// So many bytes before a place decide whether it is a match.
    static let windowBytes = 64

    /// - Parameter mostBytes: 1,024 or more.
    init(mostBytes: Int) {
        self.mostBytes = mostBytes
        leastBytes = mostBytes / 4
        let bits = Int.bitWidth - 1 - leastBytes.leadingZeroBitCount
        mask = ~(.max >> UInt64(bits))
        cellBytes = 1 << UInt64(bits - 4)
    }

    /// The beginning of the cell in which a chunk that begins at `offset` may end at the earliest.
    func firstCell(ofChunkAt offset: UInt64) -> UInt64 {
        (offset + UInt64(leastBytes)) / cellBytes * cellBytes
    }

    /// A random number for each byte: those of SplitMix64 from 0 on.
    ///
    /// They decide where files are cut, for ever.
    fileprivate static let gear: [UInt64] = (1...256).map { index in
        var number = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }
}

/// Looks for the matches from a place on, as the bytes come.
struct MatchSearch {
    private let borders: ContentBorders
    /// The place before the next byte.
    private var place: UInt64
    private var hash: UInt64 = 0
    /// Where the next match may be: not before the window is full, and in a cell that has none yet.
    private var next: UInt64

    /// - Parameter place: the beginning of a cell. The bytes to be fed begin `windowBytes` before it.
    init(_ borders: ContentBorders, from place: UInt64) {
        self.borders = borders
        next = place
        self.place = place - UInt64(ContentBorders.windowBytes)
    }

    /// Takes the next bytes, and calls `body` with the place of each match among them, until that is true.
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
