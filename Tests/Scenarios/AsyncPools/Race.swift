@preconcurrency import Glibc

/// What `scenarios --race` does: two threads of a child write to the same place, and nothing says in which order.
///
/// `scripts/tsan.sh` holds the thread sanitizer's silence about all else against this. Both live until both have written, as
/// it is silent about what a thread did that has ended; and they meet twice at different places, as it takes all meetings
/// at one place for orders.
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
