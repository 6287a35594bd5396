@preconcurrency import Glibc
import Multiprocessing

/// A value that shows whether it is complete: its bytes follow from its producer and its number.
struct NumberedParcel: Codable {
    let producer: Int
    let number: Int
    let bytes: [UInt8]

    init(producer: Int, number: Int, byteCount: Int) {
        self.producer = producer
        self.number = number
        bytes = NumberedParcel.content(producer, number, byteCount)
    }

    var isWhole: Bool {
        bytes == NumberedParcel.content(producer, number, bytes.count)
    }

    private static func content(_ producer: Int, _ number: Int, _ byteCount: Int) -> [UInt8] {
        let start = (producer &* 31 &+ number) & 255
        return Array(pattern[start..<start + byteCount])
    }

    /// Made by doubling, because these tests run unoptimized.
    private static let pattern = {
        var bytes = [UInt8](0...255)
        while bytes.count < 1 << 21 { bytes += bytes }
        return bytes
    }()
}

/// Runs a closure in a new thread.
final class WorkerThread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    private var thread = pthread_t()

    init(_ body: @escaping () throws -> Void) {
        let work = Work {
            do {
                try body()
            } catch {
                expect(false, "a thread threw: \(error)")
            }
        }
        let result = pthread_create(
            &thread, nil,
            { context in
                if let context {
                    Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                }
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
        precondition(result == 0, "no thread")
    }

    func join() {
        pthread_join(thread, nil)
    }
}

/// Waits until the kernel counts one thread again.
func expectOneThread() {
    expect(eventually { namesIn("/proc/self/task").count == 1 }, "threads have not ended")
}

/// Waits until a child sleeps in the kernel, as in a `get` from an empty queue.
func expectSleeps(_ process: Process, file: StaticString = #fileID, line: UInt = #line) {
    let isAsleep = eventually { process.pid.flatMap { ProcessRecord($0) }?.state == "S" }
    expect(isAsleep, "the process does not sleep", file: file, line: line)
}

/// The memory of this process's open nameless files with this name, in bytes.
func memoryOfFiles(called name: String) -> Int {
    openDescriptors().filter { $0.value.contains("memfd:\(name)") }.keys.reduce(0) { sum, number in
        var information = stat()
        return fstat(number, &information) == 0 ? sum + Int(information.st_blocks) * 512 : sum
    }
}

let queueFileName = "multiprocessing-queue"

/// Starts several processes and expects each to succeed.
func inProcesses(
    _ count: Int, within limit: Duration = .seconds(30), file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping (Int) throws -> Void
) throws {
    let processes = (0..<count).map { index in Process { try body(index) } }
    for process in processes {
        try process.start()
    }
    for process in processes {
        try expectEnds(process, within: limit, file: file, line: line)
    }
}

func expectEnds(
    _ process: Process, within limit: Duration = .seconds(30), file: StaticString = #fileID, line: UInt = #line
) throws {
    let status = try process.join(timeout: limit)
    if status == nil {
        process.kill()
        try process.join()
    }
    expectEqual(status, .exited(0), "nil means that it hung;", file: file, line: line)
}
