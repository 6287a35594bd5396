import Logging
@preconcurrency import Glibc
import Multiprocessing

/// Stores the lines that it receives.
private struct Notebook: LogHandler {
    final class Pages: @unchecked Sendable {
        var lines: [String] = []
    }

    let pages: Pages
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        pages.lines.append("\(event.level) \(event.source): \(event.message)")
    }
}

func logScenarios() {
    scenario("libraryIsSilentWithoutALogger") {
        let text = try captured(2) {
            let child = Process {}
            try child.start()
            try child.join()
            try Pool.with(processes: 2, { (number: Int) in number }) { _ = try $0.map([1, 2, 3]) }
        }
        expectEqual(text, "")
    }
    scenario("loggerReceivesALineForEachProcess") {
        let pages = Notebook.Pages()
        setLogger(Logger(label: "test", factory: { _ in Notebook(pages: pages) }))
        let child = Process(name: "kettle") { Process.exit(3) }
        try child.start()
        try child.join()
        let pid = try require(child.pid)
        expectEqual(
            pages.lines,
            [
                "debug Multiprocessing: started kettle as process \(pid)",
                "debug Multiprocessing: kettle, process \(pid), exited with code 3",
            ])
        setLogger(nil)
        let other = Process {}
        try other.start()
        try other.join()
        expectEqual(pages.lines.count, 2)
    }
    scenario("logToStandardErrorWritesALinePerEvent") {
        let text = try captured(2) {
            logToStandardError(level: .debug)
            let child = Process(name: "kettle") {}
            try child.start()
            try child.join()
        }
        setLogger(nil)
        expectEqual(text.split(separator: "\n").count, 2)
        expect(text.contains("multiprocessing") && text.contains("kettle"), "\(text)")
    }
    scenario("logReportsADeadWorkerAndItsTask") {
        let text = try captured(2) {
            logToStandardError()
            _ = try Pool.with(processes: 1, { (number: Int) in raise(number == 3 ? SIGKILL : 0) }) { pool in
                expectThrows(.workerDied) { try pool.map([1, 2, 3]) }
            }
        }
        setLogger(nil)
        let lines = text.split(separator: "\n").filter { $0.contains("is run again") }
        expectEqual(lines.count, 2)
        expect(lines.allSatisfy { $0.contains("task 3 ") && $0.contains("was killed by SIGKILL") }, "\(text)")
    }
}
