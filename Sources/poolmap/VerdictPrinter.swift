import Ground
import Operations

/// Prints the results for the files that lists and manifests name, as coreutils does; docs/manifest.md shows the lines.
final class VerdictPrinter {
    private let options: CheckOptions
    private let isQuiet: Bool
    private let console: Console
    private var output = LineOutput()
    /// Whether a write to standard output has failed.
    private(set) var isClosed = false

    init(_ options: CheckOptions, isQuiet: Bool, _ console: Console) {
        self.options = options
        self.isQuiet = isQuiet
        self.console = console
    }

    /// Flushes the lines of finished files before the batch waits for the next one.
    func attach(to batch: inout Batch) {
        let onTick = batch.onTick
        batch.onTick = {
            self.flush()
            onTick()
        }
    }

    /// Prints whether a file has its digest, or why not.
    ///
    /// - Parameters:
    ///   - file: the file's name for errors, if it differs from the name in the list.
    ///   - isExplained: whether earlier lines have already said what is wrong with it.
    func tell(_ name: String, _ error: PoolmapError?, about file: String? = nil, isExplained: Bool = false) {
        guard let error else { return write(match(name)) }
        switch error.code {
        case .mismatch:
            // The lines on standard output suffice for people.
            console.fail(file ?? name, error, isSaid: !saysJSON)
            if !isExplained {
                write(name, "FAILED")
            }
        case .invalidOption:
            // A wrong range is not the file's fault.
            console.fail(file ?? name, error)
        case .system where options.ignoreMissing && error.isMissingFile: break
        default:
            console.fail(file ?? name, error)
            write(name, "FAILED open or read")
        }
    }

    /// The line for a file that has its digest.
    func match(_ name: String) -> [UInt8] {
        isQuiet ? [] : line(name, "OK")
    }

    func write(_ name: String, _ verdict: String) {
        write(line(name, verdict))
    }

    private func line(_ name: String, _ verdict: String) -> [UInt8] {
        if options.status { return [] }
        // Only a line break in a name would be read as two lines; coreutils writes all other names unchanged.
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
