@preconcurrency import Glibc

/// For `scenarios --race`: two threads of a child write to the same place without any ordering.
///
/// `scripts/tsan.sh` uses it to check that the thread sanitizer reports races at all. Both threads live until both have
/// written, because the sanitizer does not report what an ended thread did; and they meet twice at different places,
/// because it takes repeated meetings at one place for an ordering.
func raceOnPurpose() throws {
    try inChild {
        let barriers = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 2)
        for number in 0..<2 { pthread_barrier_init(barriers + number, nil, 2) }
        var count = 0
        onThreads(2) { _ in
            pthread_barrier_wait(barriers)
            for _ in 0..<10_000 { count &+= 1 }
            pthread_barrier_wait(barriers + 1)
        }
    }
}
