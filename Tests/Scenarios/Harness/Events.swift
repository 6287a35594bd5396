@preconcurrency import Glibc

/// A signal from one process to another; a pipe, so that no ring is lost or seen twice.
final class Doorbell {
    private let reader: Int32
    private let writer: Int32

    init() {
        var numbers: [Int32] = [-1, -1]
        guard pipe(&numbers) == 0 else { fatalError("no pipe") }
        (reader, writer) = (numbers[0], numbers[1])
    }

    deinit {
        close(reader)
        close(writer)
    }

    func ring() {
        var byte: UInt8 = 1
        while write(writer, &byte, 1) < 0 && errno == EINTR {}
    }

    /// Takes one ring; false if none comes in time.
    func wait(within limit: Duration = .seconds(20)) -> Bool {
        guard isReadable(reader, within: limit) else { return false }
        var byte: UInt8 = 0
        while true {
            let count = read(reader, &byte, 1)
            if count >= 0 || errno != EINTR {
                return count == 1
            }
        }
    }
}

/// Tells when all processes forked during its life have ended, including their children: they hold the writing end of a
/// pipe, and the reader sees end-of-file when the last one ends.
final class Lifeline {
    private let reader: Int32
    private var writer: Int32

    init() {
        var numbers: [Int32] = [-1, -1]
        guard pipe(&numbers) == 0 else { fatalError("no pipe") }
        (reader, writer) = (numbers[0], numbers[1])
    }

    deinit {
        letGo()
        close(reader)
    }

    /// Closes this process's own end, once all processes to be watched were forked.
    func letGo() {
        if writer >= 0 {
            close(writer)
            writer = -1
        }
    }

    func allEnded(within limit: Duration = promptly) -> Bool {
        letGo()
        return isReadable(reader, within: limit)
    }
}

/// A thread that lives until it is told to end.
final class ExtraThread {
    private let end = Doorbell()
    private var thread = pthread_t()

    init() {
        let context = Unmanaged.passRetained(end).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { context in
                if let context {
                    _ = Unmanaged<Doorbell>.fromOpaque(context).takeRetainedValue().wait(within: .seconds(60))
                }
                return nil
            }, context)
        precondition(result == 0, "no thread")
    }

    /// Ends the thread and waits until the kernel no longer counts it.
    func join() {
        end.ring()
        pthread_join(thread, nil)
        expect(eventually { namesIn("/proc/self/task").count == 1 }, "the thread has not ended")
    }
}

func isReadable(_ descriptor: Int32, within limit: Duration) -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        let left = max(.zero, end - ContinuousClock.now)
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let count = poll(&entry, 1, Int32(clamping: milliseconds))
        if count > 0 || (count == 0 && left == .zero) {
            return count > 0
        }
    }
}

/// Waits until a signal ends the process.
func pauseForever() -> Never {
    while true {
        pause()
    }
}
