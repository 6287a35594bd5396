/// Small files that are handed to one worker together.
///
/// They travel by the column, a list of all paths, a list of all sizes and so on: to code a small structure for each
/// file took a twentieth of the time of compressing 3,000 source files.
struct FileWorks: Codable {
    let all: [FileWork]

    init(_ all: [FileWork]) {
        self.all = all
    }

    private struct Columns: Codable {
        var paths: [String] = []
        var targets: [String] = []
        var byteCounts: [UInt64] = []
        /// The number of the note; -1 for none, and then there is no target.
        var notes: [Int] = []
        /// What the files are hashed by: mostly the same for all.
        var algorithms: [[HashAlgorithm]] = []
        /// For each file the place in that list.
        var algorithmPlaces: [Int] = []
        /// 0 for no chunks.
        var chunkBytes: [UInt64] = []
        /// The folders whose trees the files are in: mostly one for all.
        var roots: [Root] = []
        /// For each input the place in that list, -1 for none, and then the same for each target; empty where all have none.
        var inputRoots: [Int] = []
        var targetRoots: [Int] = []
        /// The numbers of the identities, one behind the other; empty where no file has one.
        var identities: [UInt64] = []

        func identity(at index: Int) -> FileIdentity {
            let count = FileIdentity.numberCount
            return FileIdentity(numbers: identities[index * count..<(index + 1) * count])
        }

        func root(_ places: [Int], at index: Int) -> Root? {
            places.isEmpty || places[index] < 0 ? nil : roots[places[index]]
        }

        mutating func place(of root: Root?) -> Int {
            guard let root else { return -1 }
            if let index = roots.lastIndex(of: root) { return index }
            roots.append(root)
            return roots.count - 1
        }
    }

    init(from decoder: any Decoder) throws {
        let columns = try Columns(from: decoder)
        all = columns.paths.indices.map { index in
            let note = columns.notes[index]
            let target = Place(path: columns.targets[index], root: columns.root(columns.targetRoots, at: index))
            return FileWork(
                input: Place(path: columns.paths[index], root: columns.root(columns.inputRoots, at: index)),
                target: note < 0 ? nil : target,
                byteCount: columns.byteCounts[index], note: note < 0 ? nil : note,
                algorithms: columns.algorithms[columns.algorithmPlaces[index]],
                identity: columns.identities.isEmpty ? nil : columns.identity(at: index),
                chunkBytes: columns.chunkBytes[index] == 0 ? nil : columns.chunkBytes[index])
        }
    }

    func encode(to encoder: any Encoder) throws {
        var columns = Columns()
        for work in all {
            columns.paths.append(work.input.path)
            columns.targets.append(work.target?.path ?? "")
            columns.inputRoots.append(columns.place(of: work.input.root))
            columns.targetRoots.append(columns.place(of: work.target?.root))
            columns.byteCounts.append(work.byteCount)
            columns.notes.append(work.note ?? -1)
            if columns.algorithms.last != work.algorithms {
                columns.algorithms.append(work.algorithms)
            }
            columns.algorithmPlaces.append(columns.algorithms.count - 1)
            // All files of a run have one, or none has.
            columns.identities += work.identity?.numbers ?? []
            columns.chunkBytes.append(work.chunkBytes ?? 0)
        }
        if columns.roots.isEmpty {
            columns.inputRoots = []
            columns.targetRoots = []
        }
        try columns.encode(to: encoder)
    }
}

/// What a worker answers of files that it was handed together, in their order.
struct FileResults: Codable {
    let all: [FileDone]

    init(_ all: [FileDone]) {
        self.all = all
    }

    private struct Columns: Codable {
        /// 0 done, 1 done and unchanged, 2 for the front, 3 failed.
        var states: [Int] = []
        var inputBytes: [UInt64] = []
        var outputBytes: [UInt64] = []
        var starts: [UInt64] = []
        var durations: [UInt64] = []
        var digests: [[String]] = []
        /// Why targets lack their inputs' modes or times, 0 for those that do not; empty where all have them.
        var metadataErrnos: [Int32] = []
        /// Of those that have failed, in their order.
        var errors: [PoolmapError] = []

        func metadataErrno(at index: Int) -> Int32? {
            metadataErrnos.isEmpty || metadataErrnos[index] == 0 ? nil : metadataErrnos[index]
        }
    }

    init(from decoder: any Decoder) throws {
        let columns = try Columns(from: decoder)
        var errors = columns.errors[...]
        all = columns.states.indices.map { index in
            var outcome = FileDone.Outcome.isForFront
            if columns.states[index] < 2 {
                outcome = .done(
                    JobSummary(
                        inputBytes: columns.inputBytes[index], outputBytes: columns.outputBytes[index],
                        isUnchanged: columns.states[index] == 1, digests: columns.digests[index],
                        metadataErrno: columns.metadataErrno(at: index)))
            } else if columns.states[index] == 3, let error = errors.popFirst() {
                outcome = .failed(error)
            }
            return FileDone(
                outcome: outcome, startedNanoseconds: columns.starts[index],
                durationNanoseconds: columns.durations[index])
        }
    }

    func encode(to encoder: any Encoder) throws {
        var columns = Columns()
        for file in all {
            var summary = JobSummary()
            switch file.outcome {
            case .done(let done):
                summary = done
                columns.states.append(done.isUnchanged ? 1 : 0)
            case .isForFront: columns.states.append(2)
            case .failed(let error):
                columns.states.append(3)
                columns.errors.append(error)
            }
            columns.inputBytes.append(summary.inputBytes)
            columns.outputBytes.append(summary.outputBytes)
            columns.digests.append(summary.digests)
            columns.metadataErrnos.append(summary.metadataErrno ?? 0)
            columns.starts.append(file.startedNanoseconds)
            columns.durations.append(file.durationNanoseconds)
        }
        if columns.metadataErrnos.allSatisfy({ $0 == 0 }) {
            columns.metadataErrnos = []
        }
        try columns.encode(to: encoder)
    }
}
