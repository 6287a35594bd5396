import ArgumentSyntax
import Files
import Glibc
import Ground
import Operations
import Run

/// Prints on standard error what the user sees of a run: errors, the progress line, and with `-v` a line for each file.
final class Console {
    private let isVerbose: Bool
    private let isQuiet: Bool
    /// The files that the run reads and writes.
    let places: RunPlaces
    private let progress: ProgressLine?
    private var recorder: RunRecorder?
    private var failure: PoolmapError?
    private var reportedCount = 0
    private var ignoredCount = 0
    private var hasSaidRefusal = false

    /// Throws if two options name the same file.
    ///
    /// - Parameter replacesTargets: whether targets may replace existing files.
    init(_ options: RunOptions, replacesTargets: Bool = false) throws(PoolmapError) {
        places = RunPlaces(replacesTargets: replacesTargets)
        isVerbose = options.verbose && !options.quiet
        isQuiet = options.quiet
        let isShown = options.progress ?? (isatty(STDERR_FILENO) == 1 && !options.quiet)
        progress = isShown ? ProgressLine(delay: options.progress == true ? 0 : 500_000_000) : nil
        for (path, option) in [(options.report, "--report"), (options.trace, "--trace")] {
            guard let path else { continue }
            try places.add(written: path, by: option)
        }
    }

    /// A batch that shows its progress here.
    ///
    /// - Parameters:
    ///   - command: the subcommand, for the report.
    ///   - settings: further settings, for the report.
    func batch(_ options: RunOptions, _ command: String, _ settings: [(String, JSONText)] = []) throws -> Batch {
        let workers = options.workers(heedsEnvironment: CommandWord(rawValue: command)?.isZstds == true)
        var batch = Batch(jobs: workers.count)
        batch.jobServer = workers.server
        batch.places = places
        if isVerbose, let hint = workers.hint {
            writeError("poolmap: using one worker: \(FileName.printable(hint))\n")
        }
        if isVerbose {
            batch.onConfinement = { [progress] confinement in
                progress?.clear()
                writeError("workers: \(confinement.sentence)\n")
            }
        }
        if options.report != nil || options.trace != nil {
            let all = [("jobs", JSONText.number(UInt64(batch.jobs)))] + settings
            recorder = try RunRecorder(
                report: options.report, trace: options.trace,
                head: [
                    ("poolmap", .string(Program.version)), ("command", .string(command)), ("options", .object(all)),
                    ("libzstd", .string(CompressionOptions.libzstdVersion)), ("machine", machineDescription()),
                ])
            batch.recorder = recorder
        }
        if let progress {
            let meter = batch.meter
            batch.tick = .milliseconds(100)
            batch.onTick = { progress.show(meter) }
        }
        return batch
    }

    /// Lets workers write the lines that `report` would write.
    func bundle(_ batch: inout Batch, line: @escaping (Input, JobSummary) -> String?) {
        if isVerbose {
            batch.format.notes = { input, summary in
                line(input, summary).map { Array((FileName.printable($0) + "\n").utf8) } ?? []
            }
        }
        batch.onText = report
    }

    func report(
        _ input: Input, _ result: Result<JobSummary, PoolmapError>, line: (Input, JobSummary) -> String?
    ) {
        if case .failure(let error) = result, error.code == .ignored {
            ignoredCount += 1
            return hint(input.name, error)
        }
        reportedCount += 1
        switch result {
        case .success(let summary):
            if let refusal = PoolmapError.metadata(of: summary), !hasSaidRefusal {
                // Once: what a file system lacks, it lacks for all files.
                hasSaidRefusal = true
                hint(input.name, refusal)
            }
            if let reason = PoolmapError.inputKept(of: summary) {
                hint(input.name, reason)
            }
            if let salvage = summary.salvage, !salvage.isWhole {
                fail(input.name, salvage)
            }
            guard isVerbose, let line = line(input, summary) else { return }
            progress?.clear()
            writeError(FileName.printable(line) + "\n")
        case .failure(let error): fail(input.name, error)
        }
    }

    /// Prints the notes of finished inputs.
    func report(_ text: DoneText) {
        reportedCount += text.count
        guard !text.notes.isEmpty else { return }
        progress?.clear()
        writeError(text.notes)
    }

    /// Prints an error, and keeps the first one for the exit code.
    ///
    /// - Parameter isSaid: whether the user has been told already, so that only the exit code is affected.
    func fail(_ name: String?, _ error: PoolmapError, isSaid: Bool = false) {
        // A closed output decides how the command ends, whatever failed before.
        if failure == nil || error.code == .outputClosed {
            failure = error
        }
        // Whoever closed the output needs no message.
        guard error.code != .outputClosed, !isSaid else { return }
        progress?.clear()
        complain(error, about: name)
    }

    /// Prints what is kept of an interrupted run, with `-v`, and what is lost, unless `-q` is given.
    func note(_ input: Input, _ notice: ResumeNotice) {
        switch notice {
        case .loss(let message): hint(input.name, .unusable(message))
        case .kept(let message) where isVerbose:
            progress?.clear()
            writeError(FileName.printable("\(input.name): \(message)") + "\n")
        default: break
        }
    }

    /// Prints a line with `-v`.
    func say(_ line: String) {
        guard isVerbose else { return }
        progress?.clear()
        writeError(FileName.printable(line) + "\n")
    }

    /// Shows a text as the progress line.
    func show(_ text: String) {
        progress?.show(text)
    }

    /// Prints a line that a command wrote to its standard error.
    func tell(_ line: [UInt8], of piece: Piece, _ name: String?) {
        guard saysErrors else { return }
        progress?.clear()
        guard saysJSON else {
            let place = name.map { "\(FileName.printable($0)): " } ?? ""
            return writeError(Array("\(place)\(piece.noun) \(piece.index): ".utf8) + line + [0x0a])
        }
        let members: [(String, JSONText)] = [
            ("stderr", .string(FileName.text(of: line))), ("file", name.map { .string($0) } ?? .null),
            (piece.noun, .number(UInt64(piece.index))),
        ]
        writeError(JSONText.object(members).text + "\n")
    }

    /// Prints a warning about something that may surprise, unless `-q` is given.
    private func hint(_ name: String, _ warning: PoolmapError) {
        if !isQuiet {
            warn(name, warning)
        }
    }

    /// Prints a warning, even with -q.
    func warn(_ name: String?, _ warning: PoolmapError) {
        progress?.clear()
        complain(warning, about: name, kind: "warning")
    }

    /// Clears the progress line if lines for standard output would follow it on the terminal.
    func makeRoomOnTerminal() {
        if isatty(STDOUT_FILENO) == 1 {
            progress?.clear()
        }
    }

    /// Runs a body and prints the error that it throws.
    func attempt(_ name: String?, _ body: () throws(PoolmapError) -> Void) {
        do throws(PoolmapError) {
            try body()
        } catch {
            fail(name, error)
        }
    }

    /// Prints what was lost of an input.
    private func fail(_ name: String, _ salvage: SalvageSummary) {
        failure = failure ?? .damaged("is damaged")
        progress?.clear()
        salvage.forEachLine { complain(.damaged($0), about: name) }
    }

    /// Throws if anything has failed.
    func finish() throws {
        progress?.clear()
        if let recorder {
            attempt(nil) { () throws(PoolmapError) in try recorder.finish(places) }
        }
        if ignoredCount > 0 && reportedCount == 0 {
            let nothing = PoolmapError.unusable("all inputs are symbolic links, which are ignored")
            // Without -q, the warnings have said so already.
            if isQuiet || saysJSON {
                fail(nil, nothing)
            }
            failure = failure ?? nothing
        }
        if let failure {
            throw RunFailed(first: failure)
        }
    }
}

extension Confinement {
    /// The sentence of -v.
    fileprivate var sentence: String {
        let reason = errno.map { ": \(String(cString: strerror($0)))" } ?? ""
        switch (hasSeccomp, hasLandlock) {
        case (true, true): return "confined by seccomp and Landlock"
        case (true, false): return "confined by seccomp, but not by Landlock\(reason)"
        case (false, true): return "confined by Landlock, but not by seccomp\(reason)"
        case (false, false): return "not confined\(reason)"
        }
    }
}
