import CFiles
import CPoolmap
import Files
import Glibc
import Ground
import Operations
import Slurm
import SystemPackage

/// Runs the parts of one job on Slurm, and waits until they are joined.
///
///     record ─> sbatch: array, then the join ─> squeue, notes ─> sbatch: what failed ─> … ─> the target
///
/// Everything that a later process needs is on disk before the next step: submissions are in the record, and the result
/// of a part is in its note. So whenever this process is killed, the same command continues where it stopped, and never
/// starts a part that is done or running.
final class SlurmRun {
    private let job: PartedJob
    private let count: Int
    private let retries: Int
    private let isDetached: Bool
    private let console: Console
    private let notes: NotesFolder
    private let commands: SlurmCommands
    private let signals = SignalWait()
    private var record: ArrayRecord
    private var parts: PartStates
    /// Whether the record is from an earlier process.
    private var isResumed = false
    private var isJoinCancelled = false
    /// Whether the target was complete before this process did anything.
    private var isWhole = false
    private var lock: FileDescriptor?

    /// Throws if the input cannot be done in parts.
    init(_ job: PartedJob, _ options: PartOptions, _ console: Console) throws(PoolmapError) {
        self.job = job
        self.console = console
        count = options.count ?? 1
        retries = options.retries ?? 2
        isDetached = options.detach
        notes = NotesFolder(path: job.notesName + PartedJob.notesSuffix)
        commands = SlurmCommands(signals: signals, options: options.engineOptions)
        parts = PartStates(count: count)
        let line = PartLine(job)
        record = ArrayRecord(
            token: String(UInt64.random(in: .min ... .max), radix: 16), line: line.text, count: count,
            input: try SlurmRun.identity(of: job.input))
    }

    /// The size and time by which a later run sees that the input has not changed.
    private static func identity(of path: String?) throws(PoolmapError) -> String {
        // With many files, each one is checked by the part that does it.
        guard let path else { return "many files" }
        let file = try InputFile.open(path: path)
        guard file.isRegular || file.isEmptyFile else {
            throw PoolmapError(.failed, "is not a regular file, which --engine requires")
        }
        let modified = file.status.modified
        return "\(file.byteCount) \(modified.tv_sec) \(modified.tv_nsec)"
    }

    private func requireSame(_ earlier: ArrayRecord) throws(PoolmapError) {
        let jobs = earlier.submissions.compactMap(\.job)
        let advice =
            "to start over, " + (jobs.isEmpty ? "" : "scancel \(jobs.joined(separator: " ")) and ")
            + "remove \(notes.path)"
        guard earlier.line == record.line, earlier.count == count else {
            throw PoolmapError(
                .failed,
                "\(notes.path) belongs to another command, with \(earlier.count) parts: \(earlier.line); \(advice)")
        }
        guard earlier.input == record.input else {
            throw PoolmapError(.changed, "has changed since its parts were submitted; \(advice)")
        }
    }

    // MARK: The run

    /// Runs the whole job.
    ///
    /// Throws if it cannot be run. Failed parts are reported to the console.
    func run() throws(PoolmapError) {
        lock = try notes.open()
        try resume()
        do throws(PoolmapError) {
            try begin()
        } catch {
            if record.submissions.isEmpty { notes.remove() }
            endIfAsked()
            throw error
        }
        endIfAsked()
        if isDetached { return try printJob() }
        let pace = Pace()
        while !parts.areOver {
            wait(pace)
            endIfAsked()
            try look()
            endIfAsked()
        }
        guard parts.failures.isEmpty else { return complain() }
        if job.isJoined, !isWhole { try join(pace) }
        if job.isPrinted { try printTarget() }
        notes.remove()
    }

    /// Takes over the record of an earlier process.
    ///
    /// Throws if that was another job.
    private func resume() throws(PoolmapError) {
        guard let earlier = try notes.readRecord(most: Part.most) else {
            // Notes without a record were left by a process that was killed while removing them.
            return notes.clear()
        }
        try requireSame(earlier)
        record = earlier
        isResumed = true
    }

    /// Finds out which parts are done or running, and submits the rest.
    private func begin() throws(PoolmapError) {
        try findJobs()
        let lines = try lookAtAll()
        endIfAsked()
        isWhole = isJoined(lines)
        if isWhole { return parts.finishAll() }
        if let target = job.target, let obstacle = obstacle(of: target) { throw obstacle }
        // A running join may already have removed parts.
        let isJoining = liveJoin(lines) != nil
        for number in 1...count where notes.note("part-\(number)")?.isDone == true && (isJoining || isThere(number)) {
            parts.finish(number)
        }
        for (place, submission) in record.submissions.enumerated() {
            guard case .parts(let numbers) = submission.content, let id = submission.job else { continue }
            for number in numbers where !parts.isDone(number) {
                if lines[Element(id, number)].map({ !$0.state.isOver }) ?? false { parts.give(number, to: place) }
            }
        }
        if isResumed {
            console.say(
                "\(job.input.map { "\($0): " } ?? "")continuing with job \(jobNumbers), \(parts.doneCount) of \(count) parts done"
            )
        }
        let missing = parts.missing
        if !missing.isEmpty { try submit(missing) }
        if job.isJoined, liveJoin(lines) == nil { try submitJoin() }
    }

    /// Why the target cannot be written, if it cannot; checked before anything is submitted.
    private func obstacle(of target: String) -> PoolmapError? {
        var policy = OutputPolicy()
        policy.force = job.joinOptions.contains("-f")
        policy.keepsUnchanged = job.joinOptions.contains("--if-changed")
        let input = job.input.map { Input.file($0) } ?? .standardInput
        return Files.obstacle(input, .file(target), policy, makesFolder: false)
    }

    /// Finds jobs whose number the earlier process had no time to record.
    private func findJobs() throws(PoolmapError) {
        for place in record.submissions.indices where record.submissions[place].job == nil {
            record.submissions[place].job = try commands.find(record.name(of: place))
        }
        if record.submissions.contains(where: { $0.job == nil }) {
            record.submissions.removeAll { $0.job == nil }
        }
    }

    private func isThere(_ number: Int) -> Bool {
        guard let target = job.target, let part = Part(number, of: count) else { return true }
        return FileStatus(freshOfPath: target + part.suffix) != nil
    }

    private var jobNumbers: String {
        record.submissions.compactMap { if case .parts = $0.content { $0.job } else { nil } }.last ?? "?"
    }

    /// Writes the joined file to standard output.
    private func printTarget() throws(PoolmapError) {
        let lines = try InputFile.open(path: job.target ?? "")
        var output = LineOutput()
        var offset: UInt64 = 0
        while offset < lines.byteCount {
            let count = min(lines.byteCount - offset, 1 << 16)
            try output.write(try lines.readBytes(at: offset, count: Int(count)))
            offset += count
        }
        try output.flush()
    }

    private func printJob() throws(PoolmapError) {
        try writeStandardOutput(Array("\(jobNumbers)\n".utf8))
    }

    // MARK: Submitting

    private func submit(_ numbers: [Int]) throws(PoolmapError) {
        let line = PartLine(job)
        let script = scripts.element(line.words, line.rest, of: count, leaving: job.target)
        let place = try submit(.parts(numbers), script, ["--array=\(indexList(numbers))"])
        numbers.forEach { parts.give($0, to: place) }
    }

    /// Submits the join, which waits for the parts in progress and is cancelled if one of them fails.
    private func submitJoin() throws(PoolmapError) {
        guard let words = job.joinWords(of: count) else { return }
        let script = scripts.join(words, removesNotes: isDetached)
        let jobs = parts.places.sorted().compactMap { record.submissions[$0].job }
        let dependency = ["--dependency=afterok:\(jobs.joined(separator: ":"))", "--kill-on-invalid-dep=yes"]
        try submit(.join, script, jobs.isEmpty ? [] : dependency)
    }

    /// Records and submits a script.
    ///
    /// - Returns: its place in the record.
    @discardableResult private func submit(
        _ content: ArrayRecord.Submission.Content, _ script: [UInt8], _ options: [String]
    ) throws(PoolmapError) -> Int {
        let place = record.submissions.count
        record.submissions.append(ArrayRecord.Submission(content))
        try notes.write(record)
        do throws(PoolmapError) {
            record.submissions[place].job = try commands.submit(script, name: record.name(of: place), options)
        } catch {
            record.submissions.removeLast()
            try notes.write(record)
            throw error
        }
        try notes.write(record)
        return place
    }

    private var scripts: JobScript {
        JobScript(program: PartLine.program, folder: PartLine.folder, notes: notes.path)
    }

    // MARK: Asking Slurm

    private typealias Element = PartStates.Element

    /// The queue lines of all jobs in the record.
    private func lookAtAll() throws(PoolmapError) -> [Element: QueueLine] {
        while true {
            if let lines = try commands.look(at: record.submissions.compactMap(\.job)) { return byElement(lines) }
            signals.wait(.seconds(1))
            if signals.asked != nil { return [:] }
        }
    }

    private func byElement(_ lines: [QueueLine]) -> [Element: QueueLine] {
        Dictionary(lines.map { (Element($0.job, $0.element), $0) }, uniquingKeysWith: { $1 })
    }

    /// Updates the states of the parts, and submits failed ones again.
    private func look() throws(PoolmapError) {
        // The join starts only after all parts have succeeded.
        if isJoinNoted { return parts.open.forEach { finish($0, on: notes.note("part-\($0)")?.node) } }
        let jobs = parts.places.compactMap { record.submissions[$0].job }
        guard let answer = try commands.look(at: jobs), signals.asked == nil else { return }
        let lines = byElement(answer)
        (parts.runningCount, parts.reason) = (0, nil)
        var again: [Int] = []
        for number in parts.open {
            guard let place = parts.place(of: number), let id = record.submissions[place].job else { continue }
            let line = lines[Element(id, number)]
            if let line, !line.state.isOver {
                parts.runningCount += line.state == .running ? 1 : 0
                parts.reason = line.state == .waiting ? line.reason : parts.reason
            } else if try !settle(number, id, line) {
                again.append(number)
            }
        }
        console.show(parts.text)
        guard !again.isEmpty else { return }
        // The join depends on the failed parts, and would wait forever.
        cancelJoins()
        isJoinCancelled = true
        try submit(again)
    }

    /// Records how an element ended; false if it must be run again.
    private func settle(_ number: Int, _ id: String, _ line: QueueLine?) throws(PoolmapError) -> Bool {
        let note = notes.note("part-\(number)")
        // Its file is not looked for: the join may have removed it already.
        if note?.isDone == true || line?.state == .completed {
            finish(number, on: note?.node ?? line?.node)
            return true
        }
        let ending = note?.job == id ? nil : try commands.ending(of: id, number)
        let failure = PartFailure(note?.job == id ? note : nil, line, ending)
        parts.fail(number, failure, retries: retries)
        let isFinal = !parts.open.contains(number)
        console.say("part \(number) of \(count): \(failure.text)\(isFinal ? "" : "; trying again")")
        return isFinal
    }

    private func finish(_ number: Int, on node: String?) {
        parts.finish(number)
        console.say("part \(number) of \(count): done on \(node ?? "?")")
    }

    /// Waits until it is time to ask Slurm again, or a join is done: its note appears before Slurm knows, and looking
    /// for it costs the controller nothing.
    private func wait(_ pace: Pace) {
        var left = pace.next()
        let step = left / 16
        while left > .zero, signals.asked == nil, !isJoinNoted {
            signals.wait(step)
            left -= step
        }
    }

    // MARK: The join

    private func liveJoin(_ lines: [Element: QueueLine]) -> String? {
        record.submissions.compactMap { (submission) -> String? in
            guard submission.content == .join, let id = submission.job, let line = lines[Element(id, nil)],
                !line.state.isOver, line.reason != "DependencyNeverSatisfied"
            else { return nil }
            return id
        }.last
    }

    private var joins: [String] {
        record.submissions.compactMap { $0.content == .join ? $0.job : nil }
    }

    private func cancelJoins() { commands.cancel(joins) }

    /// Whether a join has written the target.
    private func isJoined(_ lines: [Element: QueueLine]) -> Bool {
        isJoinNoted || joins.contains { lines[Element($0, nil)]?.state == .completed }
    }

    /// Whether the note of a join says that it is done.
    private var isJoinNoted: Bool {
        notes.note("join").map { $0.isDone && joins.contains($0.job) } ?? false
    }

    /// Waits for the join.
    ///
    /// It is submitted again if it was cancelled because a part failed in between.
    private func join(_ pace: Pace) throws(PoolmapError) {
        var tries = 0
        if isJoinCancelled { try submitJoin() }
        while let id = joins.last, !isJoinNoted {
            endIfAsked()
            let lines = try lookAtAll()
            endIfAsked()
            if isJoined(lines) { return }
            let line = lines[Element(id, nil)]
            let isDoomed = line?.reason == "DependencyNeverSatisfied"
            if let line, !line.state.isOver, !isDoomed {
                console.show("\(parts.text); joining")
                wait(pace)
            } else {
                let note = notes.note("join").flatMap { $0.job == id ? $0 : nil }
                let isCancelled = line?.state == .cancelled && !isDoomed
                tries += 1
                guard note == nil, !isCancelled, tries <= retries + 1 else {
                    let ending = note == nil ? try commands.ending(of: id, nil) : nil
                    throw PartFailure(note, line, ending).error("the join", log: notes, "join")
                }
                try submitJoin()
            }
        }
    }

    // MARK: The end

    /// Reports the parts whose failure is final.
    private func complain() {
        cancelJoins()
        for (number, failure) in parts.failures.sorted(by: { $0.key < $1.key }) {
            console.fail(
                job.input, failure.error("part \(number) of \(count)", log: notes, "part-\(number)"))
        }
    }

    /// If a signal has asked this process to end: cancels all jobs, says so, and ends by that signal.
    private func endIfAsked() {
        guard let number = signals.asked else { return }
        let jobs = record.submissions.compactMap(\.job)
        commands.cancel(jobs)
        console.warn(
            job.input,
            .unusable(
                "cancelled job \(jobs.joined(separator: ", ")) with \(parts.doneCount) of \(count) parts done; run the same command to continue"
            ))
        poolmap_remove_temporaries()
        poolmap_end_by_signal(number)
    }
}
