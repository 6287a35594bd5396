import Ground
import Files
import Run
import Operations

extension Console {
    /// Has an engine do the one file that there is.
    ///
    /// - Parameter job: what is to be done with the input, whose parts would go to this target.
    func submit(_ items: any ItemSource, _ options: EngineOptions, _ job: (String, Target) -> PartedJob) throws {
        switch items.next() {
        case .item(.file(let input), let target, _):
            do throws(PoolmapError) {
                try SlurmRun(job(input, target), options, self).run()
            } catch {
                fail(input, error)
            }
        case .refused(let input, let error): report(input, .failure(error)) { _, _ in nil }
        default: break
        }
        try finish()
    }
}

extension FilePlan {
    /// Has an engine do the one file, with the options of the target for the join.
    func submit(_ engine: EngineOptions) throws {
        try requireNone(of: [(options.dryRun, "--dry-run")], beside: "--engine")
        try console.submit(self, engine) { input, target in
            PartedJob(
                input, to: wholeTarget(of: target), force: options.force, ifChanged: options.ifChanged,
                sync: options.sync)
        }
    }
}

extension HashOptions {
    /// Has an engine hash the one file.
    func submit(_ items: any ItemSource, _ console: Console) throws {
        try console.submit(items, engine) { input, _ in PartedJob(input, to: output ?? "", force: force) }
    }
}
