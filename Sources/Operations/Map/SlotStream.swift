import Glibc
import Ground
import Run
import SystemPackage

/// A destination for the bytes of a command's pipe.
protocol PipeSink: AnyObject {
    /// Where to put the next bytes.
    func space() throws(PoolmapError) -> UnsafeMutableRawBufferPointer
    /// Called when this many bytes have been put there.
    func took(_ byteCount: Int) throws(PoolmapError)
}

extension PipeSink {
    /// Takes what a command has written so far, from a non-blocking pipe.
    ///
    /// If a command writes without end, takes some and returns, so that the command is attended to.
    func take(from pipe: Int32) throws(PoolmapError) -> CommandRun.Taken {
        var byteCount = 0
        // More than a pipe holds.
        while byteCount < 4 << 20 {
            let space = try space()
            let count: Int
            do throws(Errno) {
                count = try retryingInterrupted { read(pipe, space.baseAddress, space.count) }
            } catch {
                // Nothing more now.
                return (byteCount, isOpen: error == .resourceTemporarilyUnavailable)
            }
            if count == 0 { return (byteCount, isOpen: false) }
            byteCount += count
            try took(count)
        }
        return (byteCount, isOpen: true)
    }
}

/// Keeps what a command writes in part of its slot's output area, and what does not fit in the slot's spill file.
final class SlotStream: PipeSink {
    private let stream: SpillFiles.Stream
    private let spills: SpillFiles
    private var slot = 0
    private var room = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private(set) var ofChunk = Part()
    /// Whether to compute the CRC-32C of what it takes; `checksum` is that of the chunk so far.
    var reckonsChecksum = false
    private(set) var checksum: UInt32 = 0
    private var spare = Scratch()

    /// The position of a command's stream in a slot, in bytes.
    struct Part: BitwiseCopyable {
        var slotStart = 0
        var slotBytes = 0
        /// In the spill file.
        var spillStart: UInt64 = 0
        var spilledBytes: UInt64 = 0

        var byteCount: UInt64 { UInt64(slotBytes) + spilledBytes }
    }

    init(_ stream: SpillFiles.Stream, _ spills: SpillFiles) {
        (self.stream, self.spills) = (stream, spills)
    }

    /// Begins with an empty slot.
    func begin(_ slot: Int, _ room: UnsafeMutableRawBufferPointer) {
        (self.slot, self.room) = (slot, room)
        ofChunk = Part()
    }

    /// Begins the next chunk, after those before.
    func beginChunk() {
        checksum = 0
        ofChunk = Part(
            slotStart: ofChunk.slotStart + ofChunk.slotBytes, spillStart: ofChunk.spillStart + ofChunk.spilledBytes)
    }

    /// Drops what was kept of the chunk.
    func clear() {
        if ofChunk.spilledBytes > 0, ofChunk.spillStart == 0 { spills.clear(stream, of: slot) }
        (ofChunk.slotBytes, ofChunk.spilledBytes, checksum) = (0, 0, 0)
    }

    private var rest: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: room[(ofChunk.slotStart + ofChunk.slotBytes)...])
    }

    func space() throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        rest.isEmpty ? try spare.space(of: Hands.cachedBytes) : rest
    }

    func took(_ byteCount: Int) throws(PoolmapError) {
        if rest.isEmpty {
            let bytes = UnsafeRawBufferPointer(try spare.space(of: byteCount))
            reckon(bytes)
            try spill(bytes)
        } else {
            reckon(UnsafeRawBufferPointer(rebasing: rest[..<byteCount]))
            ofChunk.slotBytes += byteCount
        }
    }

    /// Updates the checksum while the bytes are still in the cache.
    private func reckon(_ bytes: UnsafeRawBufferPointer) {
        if reckonsChecksum { checksum = CRC32C.checksum(of: bytes, continuing: checksum) }
    }

    /// Appends bytes that are elsewhere.
    func append(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        let count = min(bytes.count, rest.count)
        rest.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        ofChunk.slotBytes += count
        if count < bytes.count { try spill(UnsafeRawBufferPointer(rebasing: bytes[count...])) }
    }

    private func spill(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        try spills.write(bytes, stream, of: slot, at: ofChunk.spillStart + ofChunk.spilledBytes)
        ofChunk.spilledBytes += UInt64(bytes.count)
    }
}
