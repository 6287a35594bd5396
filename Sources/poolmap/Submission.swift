import Ground
import ArgumentParser
import Files
import Run
import Operations

extension Console {
    /// Has an engine do a single file.
    ///
    /// - Parameter job: makes the job from the input and the target of its first part.
    func submit(_ items: any ItemSource, _ parts: PartOptions, _ job: (String, Target) -> PartedJob) throws {
        switch items.next() {
        case .item(.file(let input), let target, _):
            do throws(PoolmapError) {
                try SlurmRun(job(input, target), parts, self).run()
            } catch {
                fail(input, error)
            }
        case .refused(let input, let error): report(input, .failure(error)) { _, _ in nil }
        default: break
        }
        try finish()
    }
}

extension Console {
    /// Has an engine do many files; each part does the files assigned to it by their names.
    func submit(_ job: PartedJob, _ parts: PartOptions) throws {
        attempt(nil) { () throws(PoolmapError) in try SlurmRun(job, parts, self).run() }
        try finish()
    }
}

extension FilePlan {
    /// Has an engine do a single file, with the target's options passed to the join, or a share of many files in each
    /// part.
    func submit(_ parts: PartOptions, _ files: [String], _ names: NameOptions) throws {
        try requireNone(
            of: [(options.dryRun, "--dry-run"), (options.dependencyFile != nil, "--depfile")], beside: "--engine")
        if options.remove, !names.recursive || !names.lists.isEmpty {
            throw ValidationError(
                "--engine with --rm requires -r and directories: a repeated part would miss the files that it had removed"
            )
        }
        guard names.isOneFile(files) else {
            let folders = splits ? options.outputFolder.map { [$0] } ?? files : []
            var job = PartedJob(verb, files, names.lists, joining: folders)
            job.joinOptions = options.joinOptions
            return try console.submit(job, parts)
        }
        try console.submit(self, parts) { input, target in
            var job = PartedJob(input, to: wholeTarget(of: target))
            job.joinOptions = options.joinOptions
            return job
        }
    }
}

extension TargetOptions {
    /// The options that `join` must be given, too.
    fileprivate var joinOptions: [String] {
        [(force, "-f"), (ifChanged, "--if-changed"), (sync, "--fsync")].filter(\.0).map(\.1)
    }
}

extension HashOptions {
    /// Has an engine hash a single file, or a share of many files in each part.
    func submit(_ items: any ItemSource, _ files: [String], _ part: HashPart, _ console: Console) throws {
        guard part.share != nil else { return try console.submit(items, parts) { _, _ in job(on: files) } }
        try console.submit(job(on: files), parts)
    }
}
