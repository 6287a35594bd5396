import Ground
import Operations

/// Prints what becomes of the files that lists and manifests name, as coreutils does; docs/manifest.md has the lines.
final class VerdictPrinter {
    private let options: CheckOptions
    private let isQuiet: Bool
    private let console: Console
    private var output = LineOutput()
    /// Standard output takes no more.
    private(set) var isClosed = false

    init(_ options: CheckOptions, isQuiet: Bool, _ console: Console) {
        self.options = options
        self.isQuiet = isQuiet
        self.console = console
    }

    /// Has the lines of a batch come out behind the last file that is done, before the run waits for another.
    func attach(to batch: inout Batch) {
        let onTick = batch.onTick
        batch.onTick = {
            self.flush()
            onTick()
        }
    }

    /// Says whether a file has its digest, or why not.
    ///
    /// - Parameters:
    ///   - file: what the file is called where that is not its name in the list.
    ///   - isExplained: whether lines have said before what is wrong with it.
    func tell(_ name: String, _ error: PoolmapError?, about file: String? = nil, isExplained: Bool = false) {
        guard let error else { return write(match(name)) }
        switch error.code {
        case .mismatch:
            // For people the lines on standard output are enough.
            console.fail(file ?? name, error, isSaid: !saysJSON)
            if !isExplained {
                write(name, "FAILED")
            }
        case .invalidOption:
            // A wrong range is no fault of the file.
            console.fail(file ?? name, error)
        case .system where options.ignoreMissing && error.isMissingFile: break
        default:
            console.fail(file ?? name, error)
            write(name, "FAILED open or read")
        }
    }

    /// What is printed of a file that has its digest.
    func match(_ name: String) -> [UInt8] {
        isQuiet ? [] : line(name, "OK")
    }

    func write(_ name: String, _ verdict: String) {
        write(line(name, verdict))
    }

    private func line(_ name: String, _ verdict: String) -> [UInt8] {
        if options.status { return [] }
        // Only such a name would be taken for two lines; coreutils writes the others as they are.
        let isEscaped = name.utf8.contains(UInt8(ascii: "\n"))
        let shown = isEscaped ? "\\" + DigestLine.escaped(name) : name
        return FileName.bytes(of: shown) + FileName.bytes(of: ": \(verdict)\n")
    }

    /// Writes whole lines.
    func write(_ lines: [UInt8]) {
        attempt { () throws(PoolmapError) in try output.write(lines) }
    }

    func flush() {
        guard output.hasLines else { return }
        console.makeRoomOnTerminal()
        attempt { () throws(PoolmapError) in try output.flush() }
    }

    private func attempt(_ body: () throws(PoolmapError) -> Void) {
        guard !isClosed else { return }
        console.attempt(nil) { () throws(PoolmapError) in
            do throws(PoolmapError) {
                try body()
            } catch {
                isClosed = true
                throw error
            }
        }
    }
}
