/// What `scenarios --race` does: two tasks of a child write to the same place at the same time.
///
/// `scripts/tsan.sh` holds the thread sanitizer's silence about all else against this.
func raceOnPurpose() throws {
    try inChildWithTasks {
        nonisolated(unsafe) var count = 0
        await withTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<100_000 { count &+= 1 }
                }
            }
        }
    }
}
