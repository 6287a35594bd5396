import Digests
import Files
import Glibc
import Ground
import Run
import SystemPackage

/// Makes the lists of trees and their digests, in the format of docs/tree.md.
///
/// A walk finds the entries of a list, step by step. Files are hashed like any others. Folders, links and other entries
/// are reported in their turn after the files before them, since the engine reports everything in the order planned:
///
///     FolderWalk ──> next ──> TreePlans ──> Pipeline ──> told, in order ──> the list ──> its digest
package final class TreeHash {
    /// The algorithm for files, links and the list.
    package let algorithm: HashAlgorithm
    /// Called with each line of a list, up to the first error in its tree.
    package var onLine: ([UInt8]) -> Void = { _ in }
    /// Called with the digest of a folder's tree, unless something in the tree could not be read.
    package var onDigest: (_ folder: String, _ digest: Result<String, PoolmapError>) -> Void = { _, _ in }

    private var folders: ArraySlice<String>
    private let places: RunPlaces
    private let standardOutput: FileStatus?
    private var walk: (folder: String, steps: FolderWalk)?
    private var upcoming: Step?
    /// The list of the tree whose steps are being reported.
    private var list: TreeList
    private var isStopped = false
    private var untoldBytes = 0

    /// The next step of a tree; `told` must be called in the order of the steps, with the result of what was read.
    enum Step {
        case file(FoundFile, told: (Outcome?) -> Void)
        /// Something that cannot be read.
        case refused(path: String, PoolmapError, told: (Outcome?) -> Void)
        /// Something that is not read.
        case known(told: (Outcome?) -> Void)
        /// Nothing until another step has been reported; there is one.
        case waitForReport
        case end
    }

    typealias Outcome = Result<JobSummary, PoolmapError>

    /// The walk waits while unreported steps take more memory than this.
    var mostUntoldBytes = 8 << 20
    /// About how much a step takes besides its path.
    private static let bytesOfStep = 64

    /// - Parameters:
    ///   - folders: the folders whose trees are hashed.
    ///   - algorithm: must be one without parameters: `isPlain`.
    ///   - places: what options write, which must not be inside a tree.
    ///   - writesFile: whether the result goes to one of those files, rather than to standard output.
    package init(_ folders: [String], _ algorithm: HashAlgorithm, _ places: RunPlaces, writesFile: Bool) {
        self.folders = folders[...]
        self.algorithm = algorithm
        self.places = places
        let status = try? FileStatus(of: .standardOutput)
        standardOutput = !writesFile && status?.isRegular == true ? status : nil
        list = TreeList(algorithm)
    }

    /// Starts nothing more; called when the output is no longer wanted.
    package func stop() {
        isStopped = true
    }
}

// MARK: The walk

extension TreeHash {
    /// False only if `next` certainly has no more steps.
    var hasMore: Bool {
        !isStopped && (upcoming != nil || walk != nil || !folders.isEmpty)
    }

    /// The next step; blocks only to read a folder's names.
    func next() -> Step {
        while hasMore {
            if let step = upcoming.take() { return step }
            if untoldBytes > mostUntoldBytes { return .waitForReport }
            if let step = walk == nil ? beginNext() : walkOn() { return step }
        }
        return .end
    }

    /// Begins the next folder.
    private func beginNext() -> Step? {
        guard let folder = folders.popFirst() else { return nil }
        guard let status = FileStatus(ofPath: folder) else {
            return refuse(folder, .system("", Errno(rawValue: errno)))
        }
        guard status.isDirectory else {
            return refuse(folder, PoolmapError(.failed, "is not a directory; --tree hashes directories"))
        }
        walk = (folder, FolderWalk(folder, .statuses, status: status))
        let beginning = counted { [self] _ in
            list = TreeList(algorithm)
            write(list.head)
        }
        upcoming = found(status, folder, pathInside: ".")
        return .known(told: beginning)
    }

    private func walkOn() -> Step? {
        switch walk?.steps.next() {
        case .refused(let path, let error): return refuse(path, error)
        case .entry(let entry):
            guard let status = entry.status else { return nil }
            return found(status, entry.path, pathInside: entry.pathInside)
        case nil:
            defer { walk = nil }
            return walk.map { walk in .known(told: counted { [self] _ in end(walk.folder) }) }
        }
    }

    private func found(_ status: FileStatus, _ path: String, pathInside: String) -> Step {
        do throws(PoolmapError) {
            try requireNoOutput(status)
            let entry = try TreeEntry(status, path: pathInside)
            guard entry.kind == .file else {
                let line =
                    entry.kind == .link
                    ? entry.line(try TreeList.digest(algorithm, of: try linkTarget(pathInside))) : entry.line()
                return .known(told: counted(line.count) { [self] _ in write(line) })
            }
            let file = FoundFile(
                path: path, pathInTree: nil, status: status, identity: FileIdentity(status), root: walk?.steps.root)
            return .file(file, told: counted(path.utf8.count) { [self] in add(entry, $0) })
        } catch {
            return refuse(path, error)
        }
    }

    private func refuse(_ path: String, _ error: PoolmapError) -> Step {
        .refused(path: path, error, told: counted(path.utf8.count) { [self] _ in list.hasFailed = true })
    }

    /// Counts a step's memory until the step has been reported.
    private func counted(_ byteCount: Int = 0, _ body: @escaping (Outcome?) -> Void) -> (Outcome?) -> Void {
        let byteCount = byteCount + TreeHash.bytesOfStep
        untoldBytes += byteCount
        return { [self] outcome in
            untoldBytes -= byteCount
            body(outcome)
        }
    }

    private func linkTarget(_ pathInside: String) throws(PoolmapError) -> [UInt8] {
        let target = try attempt("") { () throws(Errno) in try walk?.steps.link(lastName(of: pathInside)) }
        // It was a link a moment ago.
        guard let target else { throw .changedWhileRead }
        return target
    }

    /// Throws if writing the result would change the tree's digest.
    private func requireNoOutput(_ status: FileStatus) throws(PoolmapError) {
        try places.require(inTree: status)
        if standardOutput?.isSameFile(as: status) ?? false {
            throw PoolmapError(.failed, "is both input and output")
        }
    }
}

// MARK: The list

extension TreeHash {
    private func add(_ entry: TreeEntry, _ outcome: Outcome?) {
        guard case .success(let summary) = outcome, let digest = summary.digests.first else {
            list.hasFailed = true
            return
        }
        write(entry.line(digest))
    }

    private func write(_ line: [UInt8]) {
        guard !list.hasFailed, !isStopped else { return }
        list.add(line)
        onLine(line)
    }

    private func end(_ folder: String) {
        guard !list.hasFailed, !isStopped else { return }
        do throws(PoolmapError) {
            onDigest(folder, .success(try list.digest()))
        } catch {
            onDigest(folder, .failure(error))
        }
    }
}

/// Plans a job for each file of the trees, and reports all other entries in their turn.
private struct TreePlans: PlanSource {
    let trees: TreeHash
    let settings: RunSettings
    let jobs: Int
    let meter: Meter
    let report: Batch.Report
    let folders = FolderCache()
    var count = 0

    var hasMore: Bool { trees.hasMore }

    mutating func next() -> PlanStep {
        switch trees.next() {
        case .known(let told): return .plan(.telling { told(nil) })
        case .refused(let path, let error, let told):
            return .plan(plan(path, told) { (_) throws(PoolmapError) in throw error })
        case .file(let file, let told):
            let isOnlyInput = count == 0 && !trees.hasMore
            return .plan(
                plan(file.path, told) { [settings, jobs, meter, folders] (hands) throws(PoolmapError) in
                    try settings.job(
                        .file(file.path), .nowhere, file, by: hands, jobs: jobs, meter, isOnlyInput: isOnlyInput,
                        folders)
                })
        case .waitForReport: return .waitForReport
        case .end: return .end
        }
    }

    private mutating func plan(
        _ path: String, _ told: @escaping (TreeHash.Outcome?) -> Void,
        open: @escaping (PlannedJob.Hands) throws(PoolmapError) -> any Job
    ) -> PlannedJob {
        defer { count += 1 }
        return PlannedJob(number: count, input: .file(path), target: .nowhere, open: open) { [report] result in
            report(.file(path), result)
            told(result)
        }
    }
}

extension Batch {
    /// Hashes the files of trees; the lists and digests are passed to the callbacks of `trees`.
    ///
    /// - Parameter report: called for each file, and for everything that cannot be read.
    package func hash(_ trees: TreeHash, report: @escaping Report) {
        let settings = RunSettings(operation: .hash([trees.algorithm]), reach: .reading)
        run(TreePlans(trees: trees, settings: settings, jobs: jobs, meter: meter, report: report), settings)
    }
}
