/// Small files that are handed to one worker together.
struct FileWorks: Message {
    let all: [FileWork]

    init(_ all: [FileWork]) {
        self.all = all
    }

    init(from message: inout MessageReader) throws(PoolmapError) {
        var all: [FileWork] = []
        for _ in 0..<(try message.next(Int.self)) {
            var work = FileWork(input: try Place(from: &message), byteCount: try message.next())
            work.target = try message.next(Bool.self) ? try Place(from: &message) : nil
            work.note = try message.next()
            work.identity = try message.next()
            work.chunkBytes = try message.next()
            for _ in 0..<(try message.next(Int.self)) {
                work.algorithms.append(try HashAlgorithm(from: &message))
            }
            all.append(work)
        }
        self.all = all
    }

    func write(to message: inout MessageWriter) {
        message.add(all.count)
        for work in all {
            work.input.write(to: &message)
            message.add(work.byteCount)
            message.add(work.target != nil)
            work.target?.write(to: &message)
            message.add(work.note)
            message.add(work.identity)
            message.add(work.chunkBytes)
            message.add(work.algorithms.count)
            for algorithm in work.algorithms {
                algorithm.write(to: &message)
            }
        }
    }
}

extension Place: Message {
    init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(path: try message.nextText(), root: try message.next())
    }

    func write(to message: inout MessageWriter) {
        message.add(text: path)
        message.add(root)
    }
}

/// What a worker answers of files that it was handed together, in their order.
struct FileResults: Message {
    let all: [FileDone]

    init(_ all: [FileDone]) {
        self.all = all
    }

    init(from message: inout MessageReader) throws(PoolmapError) {
        var all: [FileDone] = []
        for _ in 0..<(try message.next(Int.self)) {
            let time: WorkTime = try message.next()
            let outcome: FileDone.Outcome =
                switch try message.next(UInt8.self) {
                case 0: .done(try JobSummary(from: &message))
                case 1: .isForFront
                default: .failed(try PoolmapError(from: &message))
                }
            all.append(
                FileDone(
                    outcome: outcome, startedNanoseconds: time.startedNanoseconds,
                    durationNanoseconds: time.durationNanoseconds))
        }
        self.all = all
    }

    func write(to message: inout MessageWriter) {
        message.add(all.count)
        for file in all {
            message.add(WorkTime(of: file))
            switch file.outcome {
            case .done(let summary):
                message.add(UInt8(0))
                summary.write(to: &message)
            case .isForFront: message.add(UInt8(1))
            case .failed(let error):
                message.add(UInt8(2))
                error.write(to: &message)
            }
        }
    }
}

extension WorkTime {
    fileprivate init(of file: FileDone) {
        startedNanoseconds = file.startedNanoseconds
        durationNanoseconds = file.durationNanoseconds
    }
}

/// Of a file that a worker has done whole.
extension JobSummary: Message {
    init(from message: inout MessageReader) throws(PoolmapError) {
        self.init(
            inputBytes: try message.next(), outputBytes: try message.next(), isUnchanged: try message.next(),
            metadataErrno: try message.next())
        for _ in 0..<(try message.next(Int.self)) {
            digests.append(try message.nextText())
        }
    }

    func write(to message: inout MessageWriter) {
        message.add(inputBytes)
        message.add(outputBytes)
        message.add(isUnchanged)
        message.add(metadataErrno)
        message.add(digests.count)
        for digest in digests {
            message.add(text: digest)
        }
    }
}
