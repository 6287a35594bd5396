import Multiprocessing

/// The memory that the front shares with its workers, made when it is first needed, and before any worker is.
final class SharedAreas {
    private let layout: SlotLayout
    private let slotCount: Int
    private let noteCount: Int
    private(set) var slots: SlotArena?
    private var notes: SlotArena?

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
            notes = try SharedAreas.arena(noteCount, CommitNote.byteCount)
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
        guard let notes = try madeNotes(), let index = notes.acquire() else { return nil }
        CommitNote(notes[index])?.clear()
        return NoteTicket(index, notes)
    }

    func note(_ index: Int) -> CommitNote? {
        notes.flatMap { CommitNote($0[index]) }
    }

    var hasEverySlot: Bool {
        slots.map { $0.freeCount == $0.slotCount } ?? true
    }
}

/// A note's number, for as long as a file is under way.
final class NoteTicket {
    let index: Int
    private let arena: SlotArena

    init(_ index: Int, _ arena: SlotArena) {
        self.index = index
        self.arena = arena
    }

    deinit {
        arena.release(index)
    }
}
