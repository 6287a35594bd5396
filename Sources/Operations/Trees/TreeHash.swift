import Digests
import Files
import Glibc
import Ground
import Run
import SystemPackage

/// Makes the lists of trees, and their digests, as docs/tree.md has them.
///
/// The files of a tree go through a batch as others do, and their digests come back in order. What lies between them,
/// folders, links and so on, waits in a line of its own for the files before it:
///
///     FolderWalk ──> files ─────────────> Batch ──> report ──┐
///         └────────> everything, in `waiting` ───────────────┴──> the list ──> its digest
///
/// Most of the line is files that others hash already. Where too much waits behind a large file, the walk does too.
package final class TreeHash {
    /// By what the files, the links and the list are hashed.
    package let algorithm: HashAlgorithm
    /// Takes each line of a list, up to the first error in its tree.
    package var onLine: ([UInt8]) -> Void = { _ in }
    /// Takes the digest of a folder's tree; not called where something of the tree could not be read.
    package var onDigest: (_ folder: String, _ digest: Result<String, PoolmapError>) -> Void = { _, _ in }

    private var folders: ArraySlice<String>
    private let places: RunPlaces
    private let standardOutput: FileStatus?
    private var walk: (folder: String, steps: FolderWalk)?
    private var waiting = Line<Waiting>()
    private var waitingBytes = 0
    /// Of the tree that `waiting` begins in.
    private var list: TreeList
    private var isStopped = false

    private enum Part {
        case begin
        case line([UInt8])
        /// A file that the batch has not reported yet.
        case file(TreeEntry)
        /// Something that cannot be read, which the batch has not reported yet.
        case refused
        case end(folder: String)
    }

    private struct Waiting {
        let part: Part
        let byteCount: Int
    }

    /// While more waits than this, the walk does too.
    var mostWaitingBytes = 8 << 20
    /// What a part takes beside its bytes, about.
    private static let bytesOfPart = 64

    /// - Parameters:
    ///   - folders: whose trees are hashed.
    ///   - algorithm: one that needs nothing but the content: `isPlain`.
    ///   - places: what options have written, which may not be in a tree.
    ///   - writesFile: whether the result is among that, and does not go to standard output.
    package init(_ folders: [String], _ algorithm: HashAlgorithm, _ places: RunPlaces, writesFile: Bool) {
        self.folders = folders[...]
        self.algorithm = algorithm
        self.places = places
        let status = try? FileStatus(of: .standardOutput)
        standardOutput = !writesFile && status?.isRegular == true ? status : nil
        list = TreeList(algorithm)
    }

    /// Nothing more is begun: nobody would take it.
    package func stop() {
        isStopped = true
    }

    /// Takes what became of the next file, or of the next entry that was refused.
    func take(_ result: Result<JobSummary, PoolmapError>) {
        guard let first = waiting.first else { return }
        removeFirst(first)
        if case .file(let entry) = first.part, case .success(let summary) = result, let digest = summary.digests.first {
            write(entry.line(digest))
        } else {
            list.hasFailed = true
        }
        drain()
    }
}

// MARK: The walk

extension TreeHash: ItemSource {
    /// False where it is sure that `next` has no other.
    package var hasMore: Bool {
        !isStopped && (walk != nil || !folders.isEmpty)
    }

    /// The next file, or an entry that cannot be read; does not block but for a folder's names.
    package func next() -> ItemStep {
        while hasMore {
            // Something at the head has not been reported, or it would not wait.
            if waitingBytes > mostWaitingBytes { return .waitForReport }
            if let item = walk == nil ? beginNext() : walkOn() { return item }
        }
        return .end
    }

    /// Begins with the next folder; an item where it cannot be hashed.
    private func beginNext() -> ItemStep? {
        guard let folder = folders.popFirst() else { return nil }
        guard let status = FileStatus(ofPath: folder) else {
            return refuse(folder, .system("", Errno(rawValue: errno)))
        }
        guard status.isDirectory else {
            return refuse(folder, PoolmapError(.failed, "is no folder, and --tree hashes folders"))
        }
        queue(.begin)
        walk = (folder, FolderWalk(folder, .statuses, status: status))
        return found(status, folder, pathInside: ".")
    }

    private func walkOn() -> ItemStep? {
        switch walk?.steps.next() {
        case .refused(let path, let error): return refuse(path, error)
        case .entry(let entry):
            guard let status = entry.status else { return nil }
            return found(status, entry.path, pathInside: entry.pathInside)
        case nil:
            if let folder = walk?.folder {
                queue(.end(folder: folder))
            }
            walk = nil
            return nil
        }
    }

    /// An item for a file, and for what cannot be in a list.
    private func found(_ status: FileStatus, _ path: String, pathInside: String) -> ItemStep? {
        do throws(PoolmapError) {
            try requireNoOutput(status)
            let entry = try TreeEntry(status, path: pathInside)
            switch entry.kind {
            case .file:
                queue(.file(entry), path.utf8.count)
                let file = FoundFile(
                    path: path, pathInTree: nil, status: status, identity: FileIdentity(status), root: walk?.steps.root)
                return .item(.file(path), .nowhere, file: file)
            case .link: queue(entry.line(try TreeList.digest(algorithm, of: try linkTarget(pathInside))))
            default: queue(entry.line())
            }
            return nil
        } catch {
            return refuse(path, error)
        }
    }

    private func linkTarget(_ pathInside: String) throws(PoolmapError) -> [UInt8] {
        let target = try attempt("") { () throws(Errno) in try walk?.steps.link(lastName(of: pathInside)) }
        // It was one when it was looked at.
        guard let target else { throw .changedWhileRead }
        return target
    }

    /// Throws where the tree would have another digest once the result is written.
    private func requireNoOutput(_ status: FileStatus) throws(PoolmapError) {
        try places.require(inTree: status)
        if standardOutput?.isSameFile(as: status) ?? false {
            throw PoolmapError(.failed, "is both input and output")
        }
    }

    private func refuse(_ path: String, _ error: PoolmapError) -> ItemStep {
        queue(.refused, path.utf8.count)
        return .refused(.file(path), error)
    }
}

// MARK: The line

extension TreeHash {
    private func queue(_ line: [UInt8]) {
        queue(.line(line), line.count)
    }

    private func queue(_ part: Part, _ byteCount: Int = 0) {
        let last = Waiting(part: part, byteCount: byteCount + TreeHash.bytesOfPart)
        waiting.append(last)
        waitingBytes += last.byteCount
        drain()
    }

    private func removeFirst(_ first: Waiting) {
        waiting.removeFirst()
        waitingBytes -= first.byteCount
    }

    /// Writes what no file before it holds up.
    private func drain() {
        while let first = waiting.first {
            switch first.part {
            case .file, .refused: return
            case .begin:
                list = TreeList(algorithm)
                write(list.head)
            case .line(let line): write(line)
            case .end(let folder): end(folder)
            }
            removeFirst(first)
        }
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

extension Batch {
    /// Hashes the files of trees; the lists and the digests come through `trees`.
    ///
    /// - Parameter report: called for each file, and for all that cannot be read.
    package func hash(_ trees: TreeHash, report: @escaping Report) {
        hash(trees, [trees.algorithm]) { input, result in
            report(input, result)
            trees.take(result)
        }
    }
}
