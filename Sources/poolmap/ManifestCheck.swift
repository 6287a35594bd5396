import Glibc
import PoolmapCore

/// Checks files by manifests, and says on standard output what it finds; docs/manifest.md has the lines.
final class ManifestCheck {
    private let console: Console
    private let isQuiet: Bool
    private let isSilent: Bool
    private let ignoresMissing: Bool
    private var output = LineOutput()
    /// Standard output takes no more.
    private var isClosed = false
    /// Of the manifest whose files are being told of.
    private var hasVerified = false

    /// - Parameters:
    ///   - isQuiet: whether files that are as they should be are passed over.
    ///   - isSilent: whether nothing is written, as the exit code says it.
    ///   - ignoresMissing: whether names without a file are passed over.
    init(_ console: Console, isQuiet: Bool = false, isSilent: Bool = false, ignoresMissing: Bool = false) {
        self.console = console
        self.isQuiet = isQuiet
        self.isSilent = isSilent
        self.ignoresMissing = ignoresMissing
    }

    /// Checks the files of all manifests.
    ///
    /// What fails is told to the console, whose `finish` throws then.
    func run(_ manifests: [Input], _ range: ManifestRange?, _ batch: Batch) {
        var batch = batch
        let onTick = batch.onTick
        batch.onTick = {
            // Behind the last file that is done, before the run waits for another.
            self.flush()
            onTick()
        }
        batch.checkManifests(manifests, range, isOver: { self.isClosed }, report: tell)
        flush()
    }

    private func flush() {
        attempt { (output) throws(PoolmapError) in try output.flush() }
    }

    private func tell(_ event: ManifestEvent) {
        switch event {
        case .refused(let manifest, let error): console.fail(manifest, error)
        case .found(let name, let finding): write(name, finding.text)
        case .checked(let name, let error): tell(name, error)
        case .ended(let manifest):
            if ignoresMissing && !hasVerified {
                console.fail(manifest, .unusable("no file was verified"))
            }
            hasVerified = false
        }
    }

    private func tell(_ name: String, _ error: PoolmapError?) {
        switch error?.code {
        case nil:
            hasVerified = true
            if !isQuiet {
                write(name, "OK")
            }
        case .mismatch:
            hasVerified = true
            // For people the lines on standard output are enough.
            fail(name, error, isSaid: !saysJSON)
        case .invalidOption:
            // A wrong range is no fault of the file.
            fail(name, error)
        case .system where ignoresMissing && error?.errno == ENOENT: break
        default:
            fail(name, error)
            write(name, "FAILED open or read")
        }
    }

    private func fail(_ name: String, _ error: PoolmapError?, isSaid: Bool = false) {
        guard let error else { return }
        console.fail(name == "-" ? Input.standardInput.name : name, error, isSaid: isSaid)
    }

    /// A line as coreutils' tools write it: a name that would be taken for two lines is escaped, and a backslash before
    /// it says so.
    private func write(_ name: String, _ verdict: String) {
        guard !isSilent else { return }
        let shown = name.unicodeScalars.contains("\n") ? "\\" + DigestLine.escaped(name) : name
        attempt { (output) throws(PoolmapError) in
            try output.write("\(shown): \(verdict)\n")
        }
    }

    private func attempt(_ body: (inout LineOutput) throws(PoolmapError) -> Void) {
        guard !isClosed else { return }
        console.attempt(nil) { () throws(PoolmapError) in
            do throws(PoolmapError) {
                try body(&output)
            } catch {
                isClosed = true
                throw error
            }
        }
    }
}

extension ManifestFinding {
    /// What is said of the file.
    fileprivate var text: String {
        switch self {
        case .size(let byteCount, let expected): "FAILED: has \(byteCount) bytes, and should have \(expected)"
        case .damaged(let bytes): "FAILED bytes \(bytes.lowerBound) to \(bytes.upperBound)"
        }
    }
}
