import Run

/// How much memory a run may take for what it decompresses.
///
/// One frame may have all of it for its window: the front then streams it. The workers take half as much beside that, all
/// together. A quarter is for slots, and for frames that are decompressed whole, which must be so small; a quarter for
/// the windows of those that workers stream. A frame with a larger window they leave to the front.
struct MemoryLimit {
    let bytes: UInt64
    private let jobs: Int

    init(bytes: UInt64, jobs: Int) {
        self.bytes = bytes
        self.jobs = jobs
    }

    /// How much content a frame may have that is decompressed whole; a run of small ones always may.
    var contentBytes: Int {
        // Each slot, and each worker for itself, has room for both sides of a frame.
        let places = UInt64(2 * (jobs + Workforce.slotCount(jobs: jobs)))
        let share = bytes / 4 / places
        return max(Int(min(share, UInt64(SlotLayout.commonContentBytes))), FrameRun.mostBytes)
    }

    /// How large a window may be in a worker.
    var windowBytesOfWorker: UInt64 {
        bytes / 4 / UInt64(jobs)
    }
}
