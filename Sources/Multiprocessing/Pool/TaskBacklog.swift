/// The tasks that wait in the pool manager, as the frames in which they arrived, in *units*.
///
/// A unit is a run of tasks that go to one worker together; the frame of the last one is marked. First in, first out,
/// except that tasks taken back from a worker go first.
struct TaskBacklog: ~Copyable {
    /// As they arrived from the front, one behind the other; cancelled tasks remain as frames of kind `removed`.
    private var fresh = ByteBuffer()
    /// How many units in `fresh` are complete.
    private var freshUnits = 0
    /// The offset of each frame in `fresh`.
    private var places = FramePlaces()
    /// Units that were put back, the next one last.
    private var returned: [[UInt8]] = []

    /// Whether no complete unit is waiting.
    var isEmpty: Bool {
        unitCount == 0
    }

    /// How many complete units are waiting.
    var unitCount: Int {
        freshUnits + returned.count
    }

    /// The header of the next task.
    var next: PoolFrame? {
        if let unit = returned.last {
            return unit.withUnsafeBytes { TaskBacklog.firstTask(in: $0) }
        }
        return TaskBacklog.firstTask(in: fresh.readable)
    }

    private static func firstTask(in bytes: UnsafeRawBufferPointer) -> PoolFrame? {
        var offset = 0
        while let frame = PoolFrame(in: bytes, at: offset) {
            if frame.kind != .removed { return frame }
            offset += frame.totalBytes
        }
        return nil
    }

    mutating func append(_ frame: PoolFrame, _ bytes: UnsafeRawBufferPointer) {
        places.append(frame)
        fresh.append(bytes: bytes)
        freshUnits += frame.endsUnit ? 1 : 0
    }

    // MARK: Taking out

    /// Takes the next unit, or its first `limit` tasks, and passes their frames to `body`.
    mutating func takeUnit(atMost limit: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let unit = returned.popLast() else {
            let (count, end, isWhole) = TaskBacklog.take(from: fresh.readable, atMost: limit, body)
            fresh.consume(end)
            places.dropFirst(count, endingAt: end)
            freshUnits -= isWhole ? 1 : 0
            return
        }
        let (_, end, isWhole) = unit.withUnsafeBytes { TaskBacklog.take(from: $0, atMost: limit, body) }
        if !isWhole {
            returned.append(Array(unit[end...]))
        }
    }

    /// Returns how many frames were passed, where they end, and whether that is the end of the unit.
    private static func take(
        from bytes: UnsafeRawBufferPointer, atMost limit: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> (count: Int, end: Int, isWhole: Bool) {
        var (taken, count, end) = (0, 0, 0)
        while taken < limit, let frame = PoolFrame(in: bytes, at: end) {
            let start = end
            end += frame.totalBytes
            count += 1
            if frame.kind == .removed { continue }
            body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            taken += 1
            if frame.endsUnit { return (count, end, true) }
        }
        return (count, end, false)
    }

    // MARK: Putting back

    /// Puts tasks back, before all others.
    mutating func putBack(_ frames: [UInt8]) {
        returned += TaskBacklog.units(of: frames) { _ in true }.reversed()
    }

    /// The units of the wanted frames, each with its end marked, even if its original end is not wanted.
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

    /// Removes tasks by their numbers and passes the frame of each to `body`.
    mutating func remove(_ tasks: TaskRanges, _ body: (PoolFrame) -> Void) {
        returned = returned.flatMap { unit in
            TaskBacklog.units(of: unit) { frame in
                guard tasks.contains(frame.task) else { return true }
                body(frame)
                return false
            }
        }
        for range in tasks.ranges {
            for task in range.clamped(to: places.tasks) {
                removeFresh(task, body)
            }
        }
        if freshUnits == 0 {
            // Only removed tasks are left.
            fresh.removeAll()
            places = FramePlaces()
        }
    }

    private mutating func removeFresh(_ task: UInt64, _ body: (PoolFrame) -> Void) {
        let offset = places.offset(of: task)
        guard var frame = PoolFrame(in: fresh.readable, at: offset), frame.kind == .task else { return }
        body(frame)
        frame.kind = .removed
        fresh.patch(frame, at: offset)
        if frame.endsUnit && !endUnit(before: task) {
            freshUnits -= 1
        }
    }

    /// Marks the last remaining task of a unit before this one as its end; false if none remains.
    private mutating func endUnit(before task: UInt64) -> Bool {
        for earlier in (places.tasks.lowerBound..<task).reversed() {
            let offset = places.offset(of: earlier)
            guard var frame = PoolFrame(in: fresh.readable, at: offset) else { return false }
            if frame.endsUnit { return false }
            if frame.kind == .task {
                frame.endsUnit = true
                fresh.patch(frame, at: offset)
                return true
            }
        }
        return false
    }
}

/// The offset of the frame of each task in a run of frames with consecutive numbers.
private struct FramePlaces {
    /// As if nothing had been removed at the front; those before `head` were.
    private var offsets: [Int] = []
    private var head = 0
    private var firstTask: UInt64 = 0
    private var (start, end) = (0, 0)

    var tasks: Range<UInt64> {
        firstTask..<firstTask + UInt64(offsets.count - head)
    }

    mutating func append(_ frame: PoolFrame) {
        if offsets.count == head {
            firstTask = frame.task
        }
        offsets.append(end)
        end += frame.totalBytes
    }

    mutating func dropFirst(_ count: Int, endingAt offset: Int) {
        head += count
        firstTask += UInt64(count)
        start += offset
        // Half of them are used up: moving the rest costs as much as was removed since, so a constant time per element.
        if head > 32 && head * 2 > offsets.count {
            offsets.removeFirst(head)
            head = 0
        }
    }

    func offset(of task: UInt64) -> Int {
        offsets[head + Int(task - firstTask)] - start
    }
}
