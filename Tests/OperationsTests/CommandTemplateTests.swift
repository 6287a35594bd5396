import Ground
import TestSupport
import Testing

@testable import Operations

/// What a command learns about its chunk.
@Suite struct CommandTemplateTests {
    private let chunk = CommandTemplate.Chunk(index: 7, offset: 4096, byteCount: 512, count: 9, input: "a {index}")

    private func text(_ word: String, count: UInt64? = 9) -> String {
        var chunk = chunk
        chunk.count = count
        return FileName.text(of: CommandTemplate.text(of: word, for: chunk))
    }

    @Test func fieldsAreReplacedWhereverTheyStand() {
        #expect(text("{index}") == "7")
        #expect(text("part-{index}-of-{count}.csv") == "part-7-of-9.csv")
        #expect(text("{offset}{length}") == "4096512")
        #expect(text("{{index}}") == "{7}")
    }

    @Test func theTextOfAFieldIsNotExpandedAgain() {
        #expect(text("{input}") == "a {index}")
    }

    @Test(arguments: ["", "{}", "{index", "index}", "{INDEX}", "{ index}", "{indexes}", "$index", "{\\index}"])
    func otherTextIsLeftAsItIs(word: String) {
        #expect(text(word) == word)
    }

    @Test func anUnknownCountIsEmpty() {
        #expect(text("<{count}>", count: nil) == "<>")
        #expect(CommandTemplate(["echo", "{count}"], path: "/bin/echo").asksForCount)
        #expect(!CommandTemplate(["{count}", "{index}"], path: "/bin/echo").asksForCount)
        #expect(CommandTemplate(shellLine: "echo {count}").asksForCount)
    }

    @Test func bytesThatAreNoTextStayThemselves() {
        let odd = FileName.text(of: [0x61, 0xff, 0x62])
        #expect(CommandTemplate.text(of: odd + "{index}", for: chunk) == [0x61, 0xff, 0x62, 0x37])
    }

    @Test func aProgramIsFoundByItsPathOrInAFolderOfPATH() throws {
        #expect(try CommandTemplate.find("/bin/sh") == "/bin/sh")
        #expect(try CommandTemplate.find("sh").hasSuffix("/sh"))
        try withTemporaryFolder { folder in
            #expect(throws: PoolmapError.self) { try CommandTemplate.find(folder) }
            do {
                _ = try CommandTemplate.find("\(folder)/none")
                Issue.record("there is nothing")
            } catch let error as PoolmapError {
                #expect(error.isMissingFile)
            }
        }
        #expect(throws: PoolmapError.self) { try CommandTemplate.find("") }
        #expect(throws: PoolmapError.self) { try CommandTemplate.find("no-such-program-anywhere") }
    }
}
