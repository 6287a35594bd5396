import ChunkedMap
import Dispatch
@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

/// Makes a file in the scenario's own folder, which is removed at the end of `body`.
func withFile(_ content: some Sequence<UInt8>, _ body: (String) throws -> Void) throws {
    let path = temporaryFolder + "/file"
    let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate], permissions: FilePermissions(rawValue: 0o600))
    try file.closeAfter { _ = try file.writeAll(Array(content)) }
    defer { unlink(path) }
    try body(path)
}

/// Lines with their numbers.
func numberedLines(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { Array("line \($0)\n".utf8) }
}

/// A chunk as seen by a worker.
struct SeenChunk: Codable, Hashable, Sendable {
    let index: Int
    let offset: UInt64
    let bytes: [UInt8]

    init(_ chunk: borrowing Chunk) {
        (index, offset, bytes) = (chunk.index, chunk.offset, chunk.bytes.withUnsafeBytes { Array($0) })
    }
}

/// Expects that the chunks are consecutive, and are the whole content.
func expectWhole(_ chunks: [SeenChunk], _ content: [UInt8], _ text: @autoclosure () -> String = "") {
    expectEqual(chunks.map(\.index), Array(chunks.indices), text())
    expectEqual(chunks.flatMap(\.bytes), content, text())
    var end: UInt64 = 0
    for chunk in chunks {
        expectEqual(chunk.offset, end, text())
        end += UInt64(chunk.bytes.count)
    }
}

/// Runs the body, which must throw an error of `ChunkedMap` with this code, and returns that error.
@discardableResult
func expectFails<Result>(
    _ code: ChunkedMapError.Code, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Result
) -> ChunkedMapError? {
    do {
        _ = try body()
        expect(false, "expected \(code), nothing was thrown", file: file, line: line)
    } catch {
        return expectCode(code, of: error, file: file, line: line)
    }
    return nil
}

@discardableResult
func expectCode(
    _ code: ChunkedMapError.Code, of error: any Error, file: StaticString = #fileID, line: UInt = #line
) -> ChunkedMapError? {
    let seen = error as? ChunkedMapError
    expect(seen?.code == code, "expected \(code), thrown was \(error)", file: file, line: line)
    return seen
}

/// Runs tasks in a child, since the threads that Swift makes for them never end.
func inChildWithTasks(
    within limit: Duration = .seconds(60), file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable () async throws -> Void
) throws {
    try inChild(within: limit, file: file, line: line) {
        try runTasks(file: file, line: line, body)
    }
}

/// The same with a pool of a closure, which is made before there are threads.
func inChildWithTasks<Output: Codable & Sendable>(
    mapping function: @escaping (borrowing Chunk) throws -> Output, processes: Int = 2, file: StaticString = #fileID,
    line: UInt = #line, _ body: @escaping @Sendable (AsyncChunkPool<Output>) async throws -> Void
) throws {
    try inChild(within: .seconds(60), file: file, line: line) {
        let pool = try AsyncChunkPool(processes: processes, function)
        try runTasks(file: file, line: line) { try await body(pool) }
    }
}

/// Runs a task, and waits for it in a thread that may wait.
func runTasks(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping @Sendable () async throws -> Void
) throws {
    let isDone = DispatchSemaphore(value: 0)
    Task.detached {
        do {
            try await body()
        } catch {
            expect(false, "thrown was \(error)", file: file, line: line)
        }
        isDone.signal()
    }
    isDone.wait()
}
