import CFiles
import Files
import Ground
import Multiprocessing

/// The memory that the front shares with its workers, created on first use and before any worker is forked.
package final class SharedAreas {
    private let layout: SlotLayout
    private let slotCount: Int
    private let noteCount: Int
    /// What workers read, and what they write; a slot has the same number in both.
    private var inputs: SlotArena?
    private var outputs: SlotArena?
    private var notes: SlotArena?
    private var freeNotes: [Int] = []
    private let bundleCount: Int
    private var bundleNotes: SlotArena?
    private var freeBundles: [Int]
    private var generation: UInt64 = 0
    private static let notePageBytes = 4096
    private static let notesInPage = notePageBytes / CommitNote.byteCount

    /// - Parameters:
    ///   - noteCount: the number of notes for files that workers do whole; 0 for none.
    ///   - bundleCount: the number of bundles of names in progress at once.
    init(_ layout: SlotLayout, slotCount: Int, noteCount: Int, bundleCount: Int) {
        self.bundleCount = bundleCount
        freeBundles = Array((0..<bundleCount).reversed())
        self.layout = layout
        self.slotCount = slotCount
        self.noteCount = noteCount
    }

    /// Creates everything not created yet: after the fork it is too late.
    func makeAll() throws(PoolmapError) {
        try makeSlots()
        _ = try madeNotes()
        poolmap_share_temporaries()
    }

    private func makeSlots() throws(PoolmapError) {
        // Neither arena takes address space until it is used: there is room for frames of any size, and small frames
        // take little where the process has a limit.
        if inputs == nil, layout.inputBytes > 0 {
            inputs = try SharedAreas.arena(slotCount, layout.inputBytes, isMappedAsUsed: true)
        }
        if outputs == nil, layout.outputBytes > 0 {
            outputs = try SharedAreas.arena(slotCount, layout.outputBytes, isMappedAsUsed: true)
        }
    }

    /// Takes a slot; returns nil while all are in use, or if the work needs none.
    func acquireSlot() throws(PoolmapError) -> Int? {
        try makeSlots()
        return inputs?.acquire()
    }

    func releaseSlot(_ slot: Int) {
        inputs?.release(slot)
    }

    var hasFreeSlot: Bool {
        inputs.map { $0.freeCount > 0 } ?? true
    }

    /// The first bytes of a slot's input area.
    package func input(_ slot: Int, _ byteCount: Int) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        try SharedAreas.memory(inputs, slot, byteCount)
    }

    /// The first bytes of a slot's output area.
    package func output(_ slot: Int, _ byteCount: Int) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        try SharedAreas.memory(outputs, slot, byteCount)
    }

    private static func memory(
        _ arena: SlotArena?, _ slot: Int, _ byteCount: Int
    ) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        guard let arena else { throw PoolmapError(.failed, "internal error: there are no slots") }
        do {
            return try arena.memory(of: slot, byteCount: byteCount)
        } catch {
            throw PoolmapError(error, else: .outOfMemory)
        }
    }

    private func madeNotes() throws(PoolmapError) -> SlotArena? {
        if notes == nil, noteCount > 0 {
            let pages = (noteCount + SharedAreas.notesInPage - 1) / SharedAreas.notesInPage
            notes = try SharedAreas.arena(pages, SharedAreas.notePageBytes)
            freeNotes = Array((0..<noteCount).reversed())
        }
        return notes
    }

    private static func arena(
        _ count: Int, _ bytes: Int, isMappedAsUsed: Bool = false
    ) throws(PoolmapError) -> SlotArena {
        do {
            return try SlotArena(slotCount: count, slotBytes: bytes, isMappedAsUsed: isMappedAsUsed)
        } catch {
            throw PoolmapError(error, else: .outOfMemory)
        }
    }

    /// Takes a note, which is released with the last reference to its ticket; returns nil while all are in use.
    func acquireNote() throws(PoolmapError) -> NoteTicket? {
        _ = try madeNotes()
        guard let index = freeNotes.popLast() else { return nil }
        note(index)?.clear()
        return NoteTicket(index, self)
    }

    fileprivate func releaseNote(_ index: Int) {
        note(index)?.removeTemporary()
        freeNotes.append(index)
    }

    /// Takes a place for a bundle of names, which is released with the last reference to its ticket; returns nil while
    /// all are in use.
    ///
    /// - Parameter writes: whether the bundle needs notes.
    func acquireBundle(writes: Bool) throws(PoolmapError) -> BundleTicket? {
        guard let place = freeBundles.popLast() else { return nil }
        if writes, bundleNotes == nil {
            bundleNotes = try SharedAreas.arena(bundleCount, BundleSize.mostNames * CommitNote.byteCount)
        }
        generation += 1
        return BundleTicket(place, generation, self)
    }

    fileprivate func releaseBundle(_ place: Int) {
        freeBundles.append(place)
    }

    func note(_ index: Int, ofBundle generation: UInt64) -> CommitNote? {
        guard let bundleNotes else { return nil }
        let (place, number) = index.quotientAndRemainder(dividingBy: BundleSize.mostNames)
        let start = number * CommitNote.byteCount
        return CommitNote(
            UnsafeMutableRawBufferPointer(rebasing: bundleNotes[place][start..<start + CommitNote.byteCount]),
            generation)
    }

    func note(_ index: Int) -> CommitNote? {
        guard let notes else { return nil }
        let (page, place) = index.quotientAndRemainder(dividingBy: SharedAreas.notesInPage)
        let start = place * CommitNote.byteCount
        return CommitNote(UnsafeMutableRawBufferPointer(rebasing: notes[page][start..<start + CommitNote.byteCount]))
    }

    var hasEverySlot: Bool {
        inputs.map { $0.freeCount == $0.slotCount } ?? true
    }
}

/// Holds a note's number while a file is in progress.
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

/// Holds the place of a bundle of names, and its notes, while the bundle is in progress.
package final class BundleTicket {
    let generation: UInt64
    private let place: Int
    private let areas: SharedAreas

    init(_ place: Int, _ generation: UInt64, _ areas: SharedAreas) {
        self.place = place
        self.generation = generation
        self.areas = areas
    }

    var firstNote: Int { place * BundleSize.mostNames }

    /// Removes temporary files left by killed workers.
    func removeTemporaries(of bundle: NameBundle) {
        guard let first = bundle.firstNote else { return }
        for index in first..<first + bundle.count {
            areas.note(index, ofBundle: generation)?.removeTemporary()
        }
    }

    deinit {
        areas.releaseBundle(place)
    }
}
