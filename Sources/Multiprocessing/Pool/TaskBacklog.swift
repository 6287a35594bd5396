/// The tasks that wait in the manager, as the frames in which they came, in *units*.
///
/// A unit is a run of tasks that go to one worker together; the frame of its last one says so. First in, first out,
/// except that what was given to a worker and comes back goes first.
struct TaskBacklog: ~Copyable {
    /// As they came from the front, one behind the other; what was cancelled stays as a frame of kind `removed`.
    private var fresh = ByteBuffer()
    /// How many units in `fresh` are there to their end.
    private var freshUnits = 0
    /// Units that came back, the next one last.
    private var returned: [[UInt8]] = []

    /// Whether no complete unit waits.
    var isEmpty: Bool {
        freshUnits == 0 && returned.isEmpty
    }

    mutating func append(_ frame: PoolFrame, _ bytes: UnsafeRawBufferPointer) {
        fresh.append(bytes: bytes)
        freshUnits += frame.endsUnit ? 1 : 0
    }

    // MARK: Taking out

    /// Takes the next unit out, or its first `limit` tasks, and hands their frames to `body`.
    mutating func takeUnit(atMost limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let unit = returned.popLast() else {
            let (end, isWhole) = TaskBacklog.take(from: fresh.readable, atMost: limit, body)
            fresh.consume(end)
            freshUnits -= isWhole ? 1 : 0
            return
        }
        let (end, isWhole) = unit.withUnsafeBytes { TaskBacklog.take(from: $0, atMost: limit, body) }
        if !isWhole {
            returned.append(Array(unit[end...]))
        }
    }

    /// Returns where the frames that were taken end, and whether that is the end of the unit.
    private static func take(
        from bytes: UnsafeRawBufferPointer, atMost limit: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> (end: Int, isWhole: Bool) {
        var (taken, end) = (0, 0)
        while taken < limit, let frame = PoolFrame(in: bytes, at: end) {
            let start = end
            end += frame.totalBytes
            if frame.kind == .removed { continue }
            body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            taken += 1
            if frame.endsUnit { return (end, true) }
        }
        return (end, false)
    }

    // MARK: Putting back

    /// Puts tasks back to where they came from, before all others.
    mutating func putBack(_ frames: [UInt8]) {
        returned += TaskBacklog.units(of: frames) { _ in true }.reversed()
    }

    /// The units of those frames that are wanted, each with its end marked, also where that one is not wanted.
    private static func units(of frames: [UInt8], where isWanted: (PoolFrame) -> Bool) -> [[UInt8]] {
        var units: [[UInt8]] = []
        frames.withUnsafeBytes { bytes in
            var unit: [UInt8] = []
            var (offset, last) = (0, 0)
            while let frame = PoolFrame(in: bytes, at: offset) {
                let end = offset + frame.totalBytes
                if isWanted(frame) {
                    last = unit.count
                    unit += bytes[offset..<end]
                }
                offset = end
                if (frame.endsUnit || end == bytes.count) && !unit.isEmpty {
                    markEnd(of: &unit, at: last)
                    units.append(unit)
                    unit = []
                }
            }
        }
        return units
    }

    private static func markEnd(of unit: inout [UInt8], at offset: Int) {
        unit.withUnsafeMutableBytes { bytes in
            guard var frame = PoolFrame(in: UnsafeRawBufferPointer(bytes), at: offset) else { return }
            frame.endsUnit = true
            bytes.storeBytes(of: frame, toByteOffset: offset, as: PoolFrame.self)
        }
    }

    // MARK: Removing

    /// Removes tasks by their numbers and hands the frame of each to `body`.
    mutating func remove(_ isRemoved: (UInt64) -> Bool, _ body: (PoolFrame) -> Void) {
        returned = returned.flatMap { unit in
            TaskBacklog.units(of: unit) { frame in
                guard isRemoved(frame.task) else { return true }
                body(frame)
                return false
            }
        }
        removeFresh(isRemoved, body)
        if freshUnits == 0 {
            // Nothing but what was removed is left.
            fresh.removeAll()
        }
    }

    private mutating func removeFresh(_ isRemoved: (UInt64) -> Bool, _ body: (PoolFrame) -> Void) {
        var offset = 0
        /// Of the unit that `offset` is in.
        var lastWanted: (offset: Int, frame: PoolFrame)?
        while var frame = PoolFrame(in: fresh.readable, at: offset) {
            if frame.kind == .task && isRemoved(frame.task) {
                body(frame)
                frame.kind = .removed
                fresh.patch(frame, at: offset)
                if frame.endsUnit, var last = lastWanted {
                    last.frame.endsUnit = true
                    fresh.patch(last.frame, at: last.offset)
                } else if frame.endsUnit {
                    freshUnits -= 1
                }
            } else if frame.kind == .task {
                lastWanted = (offset, frame)
            }
            if frame.endsUnit { lastWanted = nil }
            offset += frame.totalBytes
        }
    }
}
