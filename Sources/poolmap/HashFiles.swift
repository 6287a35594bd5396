import ArgumentParser
import Digests
import Files
import Ground
import Operations
import Run

/// `poolmap hash`: writes lines with the digests of files.
struct HashFiles {
    let options: HashOptions
    let files: [String]

    func run() throws {
        let console = try Console(options.common)
        let sources = try options.names.sources(files)
        try options.claimOutput(console.places)
        if let resume = options.resume {
            try console.places.add(written: resume, by: "--resume")
        }
        let algorithms = try options.digests.algorithms(
            standardInputIsTaken: sources.contains { $0.isStandardInput })
        let part = try options.work(on: files, algorithms)
        let items = try NamedItems(
            sources, options.names.folders(.without([])), console.places, followsLinks: true, share: part?.share,
            tally: part?.tally)
        if let part {
            if options.parts.engine != nil { return try options.submit(items, files, part, console) }
            if part.share == nil { return try run(part, algorithms, console) }
        }
        let style = options.lines.style(of: algorithms)
        var output = try options.lineOutput(
            part, .digests(algorithms, style, endsWithNull: options.lines.zero))
        var batch = try console.batch(
            options.common, "hash", options.settings(algorithms, mode: "hash") + [options.parts.setting])
        let text = { [lines = options.lines, output] (input: Input, summary: JobSummary) in
            output.text(
                summary.ordinal,
                lines.text(zip(algorithms, summary.digests).map { DigestLine($0, $1, HashFiles.name(of: input)) }))
        }
        batch.format.output = text
        batch.onText = { done in
            console.report(done)
            console.attempt(nil) { () throws(PoolmapError) in try output.write(done.output) }
        }
        let state = try options.resume.map { try resumable(HashState(path: $0, force: options.force), algorithms) }
        let report: Batch.Report = { input, result in
            console.report(input, result) { _, _ in nil }
            guard case .success(let summary) = result else { return }
            console.attempt(nil) { () throws(PoolmapError) in try output.write(text(input, summary)) }
        }
        if let state {
            batch.resumeHash(of: files[0], algorithms, state, notice: console.note, report: report)
        } else {
            batch.hash(items, algorithms, report: report)
        }
        try output.flush()
        // Throws if an input failed, so that no file appears.
        try console.finish()
        try output.commit()
        state?.remove()
    }

    /// Hashes a part of the one file.
    private func run(_ part: HashPart, _ algorithms: [HashAlgorithm], _ console: Console) throws {
        var batch = try console.batch(
            options.common, "hash", options.settings(algorithms, mode: "hash") + [options.parts.setting])
        batch.policy.force = options.force
        let state = try options.resume.map { try resumable(HashState(path: $0, force: options.force), algorithms) }
        let form = DigestForm(
            options.lines.style(of: algorithms), endsWithNull: options.lines.zero, name: files[0])
        batch.hashPart(
            part.part, of: files[0], to: part.path, algorithms, form, state, notice: console.note
        ) { input, result in
            console.report(input, result) { _, _ in nil }
        }
        try console.finish()
        state?.remove()
    }

    /// The input's name in a line.
    private static func name(of input: Input) -> String {
        if case .file(let path) = input { path } else { "-" }
    }

    /// Throws if the state of these inputs or algorithms cannot be kept.
    private func resumable(_ state: HashState, _ algorithms: [HashAlgorithm]) throws -> HashState {
        try options.names.requireOneFile(files, for: "--resume")
        if let algorithm = algorithms.first(where: { !$0.isDivisible }) {
            throw ValidationError(
                "--resume cannot be combined with \(algorithm.name.rawValue), which must be hashed from start to end")
        }
        return state
    }
}
