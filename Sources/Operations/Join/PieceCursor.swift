import Files
import Ground
import Run

/// Iterates over the pieces of all parts, in order.
struct PieceCursor {
    private let members: [PartSet.Member]
    private var partIndex = 0
    private var rowIndex = 0
    private var offset: UInt64 = 0
    private var file: InputFile?
    /// The length of the header lines skipped at the beginning of a part, which are its first piece.
    private let bytesLeftOut: (Int) -> UInt64?

    init(_ parts: PartSet, leavingOut bytesLeftOut: @escaping (Int) -> UInt64? = { _ in nil }) {
        members = parts.members
        self.bytesLeftOut = bytesLeftOut
    }

    /// The next pieces, all from one part: enough to have `byteCount` bytes in total, and at least one; nil at the end.
    mutating func next(_ byteCount: UInt64 = 0, mostRows: Int = 1) throws(PoolmapError) -> PartPieces? {
        while true {
            guard partIndex < members.count else { return nil }
            if rowIndex == 0, let bytes = bytesLeftOut(partIndex) { (rowIndex, offset) = (1, bytes) }
            if rowIndex < members[partIndex].table.rows.count { break }
            partIndex += 1
            (rowIndex, offset, file) = (0, 0, nil)
        }
        let member = members[partIndex]
        let input: InputFile
        if let file { input = file } else { input = try member.open() }
        file = input
        var pieces = PartPieces(member: member, file: input, offset: offset, rows: rowIndex..<rowIndex)
        repeat {
            pieces.byteCount += member.table.rows[rowIndex].byteCount
            rowIndex += 1
        } while pieces.byteCount < byteCount && rowIndex - pieces.rows.lowerBound < mostRows
            && rowIndex < member.table.rows.count
        pieces.rows = pieces.rows.lowerBound..<rowIndex
        offset += pieces.byteCount
        return pieces
    }
}

/// Consecutive pieces of a part.
struct PartPieces {
    let member: PartSet.Member
    let file: InputFile
    /// Their offset in the part's file.
    let offset: UInt64
    fileprivate(set) var rows: Range<Int>
    fileprivate(set) var byteCount: UInt64 = 0

    fileprivate init(member: PartSet.Member, file: InputFile, offset: UInt64, rows: Range<Int>) {
        (self.member, self.file, self.offset, self.rows) = (member, file, offset, rows)
    }

    /// For messages and reports.
    var piece: Piece {
        Piece(noun: "chunk", index: rows.lowerBound, offset: offset, byteCount: byteCount, count: rows.count)
    }

    /// The task that copies them to `place`.
    func work(to place: UInt64, hasHoles: Bool) -> PartCopy.Work {
        var work = PartCopy.Work(offset: offset, place: place, hasHoles: hasHoles)
        work.rows = Array(member.table.rows[rows])
        return work
    }

    /// Throws if one of them is damaged, or the part changed before all of them were read.
    func requireIntact(_ done: PartCopy.Done) throws(PoolmapError) {
        do throws(PoolmapError) {
            if let damaged = done.damaged {
                throw PoolmapError(
                    .damaged,
                    "is damaged in chunk \(rows.lowerBound + damaged); remove it and make the part again")
            }
            if rows.upperBound == member.table.rows.count { try file.requireUnchanged() }
        } catch {
            throw error.of(member.path)
        }
    }
}
