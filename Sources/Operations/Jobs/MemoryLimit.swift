import Run

/// How much memory a run may use for decompression.
///
/// One frame may use all of it for its window; the front then streams it. The workers together use half as much in
/// addition: a quarter for slots and for frames that are decompressed whole, which must be small enough, and a quarter
/// for the windows of frames that workers stream. Frames with larger windows are left to the front.
struct MemoryLimit {
    let bytes: UInt64
    private let jobs: Int

    init(bytes: UInt64, jobs: Int) {
        self.bytes = bytes
        self.jobs = jobs
    }

    /// How much content a frame may have to be decompressed whole; a run of small frames always may.
    var contentBytes: Int {
        // Each slot, and each worker in its own memory, has room for both a frame and its content.
        let places = UInt64(2 * (jobs + Workforce.slotCount(jobs: jobs)))
        let share = bytes / 4 / places
        return max(Int(min(share, UInt64(SlotLayout.commonContentBytes))), FrameRun.mostBytes)
    }

    /// The largest window in a worker.
    var windowBytesOfWorker: UInt64 {
        bytes / 4 / UInt64(jobs)
    }
}
