import ChunkedMap
@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

private struct Unsendable: Codable {
    init() {}
    init(from decoder: any Decoder) throws { throw Mishap() }
    func encode(to encoder: any Encoder) throws { throw Mishap() }
}

private func append(_ text: String, to path: String) {
    let file = fopen(path, "a")
    fputs(text, file)
    fclose(file)
}

/// What happens to chunks whose function fails, in every way.
func chunkFaultScenarios() {
    scenario("aThrownErrorNamesTheFileTheChunkAndItsBytes") {
        try withFile(numberedLines(100)) { path in
            let file = try ChunkedFile(path, cut: .bytes, chunkBytes: 100)
            let error = expectFails(.chunkFailed) {
                try file.map(processes: 2) { chunk in
                    if chunk.index >= 3 { throw Mishap() }
                    return chunk.index
                }
            }
            expectEqual(error?.chunk, 3)
            expectEqual(error?.bytes, 300..<400)
            expectEqual(error?.path, path)
            expectEqual("\(error.map { "\($0)" } ?? "")", "\(path): chunk 3 (bytes 300 to 399): the tea went cold")
        }
    }
    scenario("anOutputThatCannotBeSentIsTheChunksError") {
        try withFile([1]) { path in
            let error = expectFails(.chunkFailed) { try ChunkedFile(path, cut: .bytes).map { _ in Unsendable() } }
            expectText(of: error, contains: "the tea went cold")
        }
    }
    scenario("outputsBeforeTheErrorCanBeTakenAndThePoolStillWorks") {
        try withFile(numberedLines(100)) { path in
            let pool = try ChunkPool(processes: 2) { chunk in
                if chunk.offset == 300 { throw Mishap() }
                return chunk.index
            }
            let results = try pool.imap(try ChunkedFile(path, cut: .bytes, chunkBytes: 100))
            for index in 0..<3 { expectEqual(try results.next(), index) }
            expectFails(.chunkFailed) { try results.next() }
            expectEqual(try results.next(), nil)
            expectEqual(try pool.map(try ChunkedFile(path, cut: .bytes, chunkBytes: 400)), [0, 1])
        }
    }
    scenario("aChunkWhoseWorkerIsKilledIsDoneAgain") {
        try withFile(numberedLines(1000)) { path in
            let killed = SharedCounter()
            let chunks = try ChunkedFile(path, cut: .lines, chunkBytes: 300).map(processes: 2) { chunk in
                if chunk.index % 7 == 3, killed.add(1) <= 2 { raise(SIGKILL) }
                return SeenChunk(chunk)
            }
            expect(killed.value > 2, "\(killed.value) were to be killed")
            expectWhole(chunks, numberedLines(1000))
        }
    }
    for (name, die) in [
        ("Exit", { _exit(3) }), ("Abort", { abort() }), ("SIGSEGV", { _ = raise(SIGSEGV) }),
        ("SIGKILL", { _ = raise(SIGKILL) }), ("SIGBUS", { _ = raise(SIGBUS) }),
    ] as [(String, () -> Void)] {
        scenario("aChunkThatEndsThreeWorkersBy\(name)IsAnErrorWithItsPlace") {
            try withFile(numberedLines(100)) { path in
                let begun = SharedCounter()
                let error = expectFails(.workerDied) {
                    try ChunkedFile(path, cut: .bytes, chunkBytes: 100).map(processes: 2) { chunk in
                        if chunk.index == 2 {
                            begun.add(1)
                            die()
                        }
                        return chunk.index
                    }
                }
                expectEqual(begun.value, 3)
                expectEqual(error?.chunk, 2)
                expectText(
                    of: error, contains: "\(path): chunk 2 (bytes 200 to 299): 3 workers died, the last one: process ")
            }
        }
    }
    scenario("aChunkThatTakesTooLongIsAnError") {
        try withFile(numberedLines(100)) { path in
            let pool = try ChunkPool(processes: 1, chunkTimeout: .milliseconds(100)) { chunk in
                while chunk.index == 1 { pause() }
                return chunk.index
            }
            let error = expectFails(.timedOut) { try pool.map(try ChunkedFile(path, cut: .bytes, chunkBytes: 100)) }
            expectEqual(error?.bytes, 100..<200)
        }
    }
}

/// Files that change or cannot be cut.
func chunkFileScenarios() {
    scenario("aFileThatBecomesShorterIsAnError") {
        try withFile(numberedLines(10_000)) { path in
            let pool = try ChunkPool(processes: 2) { chunk in chunk.bytes.byteCount }
            let results = try pool.imap(try ChunkedFile(path, cut: .lines, chunkBytes: 1000), inFlight: 2)
            expect(try results.next() != nil, "there is no first chunk")
            truncate(path, 500)
            let error = expectFails(.fileChanged) { while try results.next() != nil {} }
            expectText(of: error, contains: path)
        }
    }
    scenario("aFileThatIsWrittenToIsAnErrorOfChunksReadAfterwards") {
        try withFile(numberedLines(10_000)) { path in
            let pool = try ChunkPool(processes: 2) { chunk in chunk.bytes.byteCount }
            for cut in [Cut.lines, .bytes, .csv] {
                let file = try ChunkedFile(path, cut: cut, chunkBytes: 1000)
                append("more\n", to: path)
                let error = expectFails(.fileChanged) { try pool.map(file) }
                expectText(of: error, contains: "changed since it was opened")
                expect(try pool.map(try ChunkedFile(path, cut: cut)).count == 1, "the pool does not go on")
            }
        }
    }
    for (name, change) in [
        ("BecomesShorter", { _ = truncate($0, 100) }), ("IsWrittenTo", { append("more\n", to: $0) }),
    ] as [(String, (String) -> Void)] {
        scenario("aFileThat\(name)UnderAFunctionThatLooksAtItIsAnError") {
            try withFile([UInt8](repeating: 7, count: 100_000)) { path in
                let (isAtIt, hasChanged) = (Doorbell(), Doorbell())
                let begun = SharedCounter()
                let pool = try ChunkPool(processes: 1) { chunk in
                    if begun.add(1) == 1 {
                        isAtIt.ring()
                        expect(hasChanged.wait(), "no ring came")
                    }
                    return chunk.bytes.withUnsafeBytes { $0.reduce(0) { $0 + Int($1) } }
                }
                let file = try ChunkedFile(path, cut: .bytes)
                let results = try pool.imap(file)
                expect(isAtIt.wait(), "the chunk was not begun")
                change(path)
                hasChanged.ring()
                let error = expectFails(.fileChanged) { try results.next() }
                expectEqual(error?.chunk, 0)
                // No other worker has seen the present content.
                expectEqual(begun.value, 1)
            }
        }
    }
    scenario("aThrownErrorOverAFileThatChangesIsThatOfTheFile") {
        try withFile([1, 2, 3]) { path in
            let error = expectFails(.fileChanged) {
                try ChunkedFile(path, cut: .bytes).map(processes: 1) { _ -> Int in
                    append("more", to: path)
                    throw Mishap()
                }
            }
            expectText(of: error, contains: "changed since it was opened")
        }
    }
    scenario("anUnlinkedFileIsReadToItsEnd") {
        try withFile(numberedLines(1000)) { path in
            let file = try ChunkedFile(path, cut: .lines, chunkBytes: 100)
            unlink(path)
            expectWhole(try file.map(processes: 2) { SeenChunk($0) }, numberedLines(1000))
        }
    }
    scenario("aRecordThatIsTooLongIsAnErrorThatSaysWhere") {
        let content = Array("one\ntwo\n".utf8) + [UInt8](repeating: 120, count: 500) + [10]
        try withFile(content) { path in
            let pool = try ChunkPool(processes: 2) { chunk in String(decoding: SeenChunk(chunk).bytes, as: UTF8.self) }
            let results = try pool.imap(try ChunkedFile(path, cut: .lines, chunkBytes: 4, mostRecordBytes: 100))
            expectEqual(try results.next(), "one\ntwo\n")
            let error = expectFails(.recordTooLong) { try results.next() }
            expectText(of: error, contains: "no record ends within 100 bytes after byte 12")
            expectText(of: error, contains: "use mostRecordBytes to allow longer ones")
            expectEqual(try results.next(), nil)
            let whole = try ChunkedFile(path, cut: .lines, chunkBytes: 4, mostRecordBytes: 1000)
            expectEqual(try pool.map(whole).map(\.utf8.count), [8, 501])
        }
    }
    scenario("filesThatAreNotRegularAreRefusedWithoutWaiting") {
        let pipe = temporaryFolder + "/pipe"
        mkfifo(pipe, 0o600)
        defer { unlink(pipe) }
        for (path, kind) in [(temporaryFolder, "a directory"), (pipe, "a pipe"), ("/dev/null", "not a regular file")] {
            let error = expectFails(.notRegularFile) { try ChunkedFile(path, cut: .lines) }
            expectText(of: error, contains: "\(path): is \(kind)")
        }
        let error = expectFails(.systemCallFailed) { try ChunkedFile(temporaryFolder + "/none", cut: .lines) }
        expectEqual(error?.errno, .noSuchFileOrDirectory)
    }
    scenario("invalidCutsAreRefused") {
        try withFile([1]) { path in
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .separator([])) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .recordStart("(")) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .recordBytes(0)) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .recordBytes(1 << 20), recordCount: 1 << 11) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .bytes, recordCount: 2) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .lines, recordCount: 0) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .lines, chunkBytes: 0) }
            expectFails(.invalidCut) { try ChunkedFile(path, cut: .lines, mostRecordBytes: 1 << 31) }
        }
    }
}

/// Pools that fail or cannot be made.
func chunkPoolScenarios() {
    scenario("aPoolThatFailsIsAnErrorOfEachMap") {
        try withFile(numberedLines(100)) { path in
            let file = try ChunkedFile(path, cut: .lines)
            let pool = try ChunkPool(processes: 1, initializer: { throw Mishap() }, { chunk in chunk.index })
            for _ in 0..<2 {
                let error = expectFails(.poolFailed) { try pool.map(file) }
                expectEqual(error?.poolError?.code, .initializerFailed)
            }
            // A worker's parent is the pool's manager.
            let killing = try ChunkPool(processes: 1) { _ in kill(getppid(), SIGKILL) }
            let error = expectFails(.poolFailed) { try killing.map(file) }
            expectEqual(error?.poolError?.code, .managerDied)
            killing.terminate()
        }
    }
    scenario("aClosureNeedsAProcessWithOneThread") {
        try withFile([1]) { path in
            let thread = ExtraThread()
            defer { thread.join() }
            let file = try ChunkedFile(path, cut: .bytes)
            let error = expectFails(.poolFailed) { try file.map { $0.index } }
            expectEqual(error?.poolError?.code, .multipleThreads)
            let pool = try ChunkPool(startMethod: .spawn, processes: 1, CountByte(1))
            expectEqual(try pool.map(file).map(\.count), [1])
        }
    }
    scenario("nothingIsReadOfTheFileInThisProcess") {
        try withFile(numberedLines(50_000)) { path in
            let pool = try ChunkPool(processes: 2) { $0.bytes.byteCount }
            let file = try ChunkedFile(path, cut: .csv, chunkBytes: 10_000)
            let before = try require(bytesRead())
            expectEqual(try pool.reduce(file, 0, +), numberedLines(50_000).count)
            let read = try require(bytesRead()) - before
            // Messages from the pool's manager: some tens of bytes for each chunk.
            expect(read < 50_000, "read were \(read) bytes")
        }
    }
}

/// How many bytes this process has read so far, from anything.
private func bytesRead() -> Int? {
    textOf("/proc/self/io")?.split(separator: "\n").first.flatMap { Int($0.dropFirst("rchar: ".count)) }
}
