// Event, semaphore, condition and barrier, and a lock whose holder is killed.
//
//     swift run LocksAndEvents

@preconcurrency import Glibc
import Multiprocessing

func run(_ children: [Process]) throws {
    for child in children {
        try child.start()
    }
    for child in children {
        try child.join()
    }
}

// An event: all wait for a signal.
let go = try Event()
let started = try SharedAtomic(0)
let runners = (0..<3).map { _ in
    Process {
        _ = go.wait()
        started.add(1)
    }
}
try run(runners + [Process { go.set() }])
print("\(started.load()) runners started")

// A semaphore: at most two are inside at a time.
let door = try Semaphore(2)
let (inside, most) = (try SharedAtomic(0), try SharedAtomic(0))
try run(
    (0..<6).map { _ in
        Process {
            try door.withSemaphore {
                let count = inside.add(1).newValue
                if count > most.load() { most.store(count) }
                usleep(5_000)
                inside.subtract(1)
            }
        }
    })
print("at most \(most.load()) were inside")

// A condition: wait until something is true.
let (kitchen, dishes) = (try Condition(), try RawSharedValue(0))
try run([
    Process {
        try kitchen.withLock {
            try kitchen.wait(for: { dishes.value == 3 })
            print("three dishes are ready")
        }
    },
    Process {
        for _ in 0..<3 {
            try kitchen.withLock {
                dishes.value += 1
                try kitchen.notifyAll()
            }
        }
    },
])

// A barrier: no one continues before all have arrived.
let barrier = try Barrier(parties: 3)
let order = try SharedAtomic(0)
try run(
    (0..<3).map { _ in
        Process {
            order.add(1)
            try barrier.wait()
            precondition(order.load() == 3)
        }
    })
print("all three met")

// A lock outlives its holder, and the next holder is told.
let lock = try Lock()
let holder = Process {
    _ = try lock.acquire()
    raise(SIGKILL)
}
try holder.start()
try holder.join()
print("the lock was \(try lock.acquire())")
try lock.release()
