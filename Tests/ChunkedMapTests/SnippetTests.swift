import Foundation
import Testing

/// Every snippet about this library in the documents is part of a program that is compiled and tested.
struct SnippetTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let documents = [
        "Sources/ChunkedMap/ChunkedMap.docc/ChunkedMap.md", "Sources/ChunkedMap/ChunkedMap.docc/RealUses.md",
        "docs/map.md", "README.md", "Sources/Multiprocessing/Multiprocessing.docc/Errors.md",
        "Sources/Multiprocessing/Multiprocessing.docc/PoolsAndThreads.md",
    ]

    /// The lines without indentation.
    private func lines(_ text: some StringProtocol) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    @Test(arguments: documents) func everySnippetIsPartOfAProgramThatIsRun(document: String) throws {
        let text = try String(contentsOf: SnippetTests.root.appending(path: document), encoding: .utf8)
        let examples = SnippetTests.root.appending(path: "Examples")
        let programs = try FileManager.default.subpathsOfDirectory(atPath: examples.path).filter {
            $0.hasSuffix(".swift")
        }
        .map { lines(try String(contentsOf: examples.appending(path: $0), encoding: .utf8)) }
        // An empty line in a snippet may stand for more of the program.
        let snippets = text.components(separatedBy: "```swift\n").dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
            .filter {
                $0.contains(/ChunkedFile\(|ChunkPool\(|borrowing Chunk|countWords|catch|PoolFunction|AsyncPool\(/)
            }
            .flatMap { $0.components(separatedBy: "\n\n").map { lines($0) } }
        #expect(!snippets.isEmpty)
        for snippet in snippets {
            let isShown = programs.contains { program in
                program.indices.contains { program[$0...].starts(with: snippet) }
            }
            #expect(isShown, "no program has: \(snippet.joined(separator: "\n"))")
        }
    }
}
