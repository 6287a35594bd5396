import Multiprocessing

/// The memory that the front shares with its workers, made when it is first needed, and before any worker is.
final class SharedAreas {
    private let layout: SlotLayout
    private let slotCount: Int
    private let noteCount: Int
    private(set) var slots: SlotArena?
    private var notes: SlotArena?
    private var freeNotes: [Int] = []
    private static let notePageBytes = 4096
    private static let notesInPage = notePageBytes / CommitNote.byteCount

    /// - Parameter noteCount: the number of notes of files that workers do whole; 0 for none.
    init(_ layout: SlotLayout, slotCount: Int, noteCount: Int) {
        self.layout = layout
        self.slotCount = slotCount
        self.noteCount = noteCount
    }

    /// Makes all that is not made yet, as there will be no later time for it.
    func makeAll() throws(PoolmapError) {
        _ = try madeSlots()
        _ = try madeNotes()
    }

    /// nil where the work needs none.
    func madeSlots() throws(PoolmapError) -> SlotArena? {
        if slots == nil, layout.slotBytes > 0 {
            slots = try SharedAreas.arena(slotCount, layout.slotBytes)
        }
        return slots
    }

    private func madeNotes() throws(PoolmapError) -> SlotArena? {
        if notes == nil, noteCount > 0 {
            let pages = (noteCount + SharedAreas.notesInPage - 1) / SharedAreas.notesInPage
            notes = try SharedAreas.arena(pages, SharedAreas.notePageBytes)
            freeNotes = Array((0..<noteCount).reversed())
        }
        return notes
    }

    private static func arena(_ count: Int, _ bytes: Int) throws(PoolmapError) -> SlotArena {
        do {
            return try SlotArena(slotCount: count, slotBytes: bytes)
        } catch {
            throw PoolmapError(.outOfMemory, "\(error)")
        }
    }

    /// Takes a note, which is released when the last reference to it goes; nil while all are in use.
    func acquireNote() throws(PoolmapError) -> NoteTicket? {
        _ = try madeNotes()
        guard let index = freeNotes.popLast() else { return nil }
        note(index)?.clear()
        return NoteTicket(index, self)
    }

    fileprivate func releaseNote(_ index: Int) {
        freeNotes.append(index)
    }

    func note(_ index: Int) -> CommitNote? {
        guard let notes else { return nil }
        let (page, place) = index.quotientAndRemainder(dividingBy: SharedAreas.notesInPage)
        let start = place * CommitNote.byteCount
        return CommitNote(UnsafeMutableRawBufferPointer(rebasing: notes[page][start..<start + CommitNote.byteCount]))
    }

    var hasEverySlot: Bool {
        slots.map { $0.freeCount == $0.slotCount } ?? true
    }
}

/// A note's number, for as long as a file is under way.
final class NoteTicket {
    let index: Int
    private let areas: SharedAreas

    init(_ index: Int, _ areas: SharedAreas) {
        self.index = index
        self.areas = areas
    }

    deinit {
        areas.releaseNote(index)
    }
}
