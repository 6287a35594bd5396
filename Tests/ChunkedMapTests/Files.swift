import Glibc
import TestSupport
import Testing

/// Runs a program that must succeed, and returns its output.
func output(of command: [String]) async throws -> String {
    let result = try await run(command)
    #expect(result.status == 0, "\(command): \(result.output)")
    return result.output
}

/// Provides a file with a content while `body` runs.
func withFile(_ content: [UInt8], _ body: (String) async throws -> Void) async throws {
    var path = Array("/tmp/chunked-map-XXXXXX".utf8CString)
    let number = mkstemp(&path)
    try #require(number >= 0)
    defer { unlink(path) }
    var rest = content[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
        try #require(count > 0)
        rest = rest.dropFirst(count)
    }
    close(number)
    try await body(String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
}
