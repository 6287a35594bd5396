import TestSupport
import Testing

/// A program with variables at the top level of its main.swift, which a child that is not forked does not have.
///
/// See `Tests/Script`: its children use one of them, and variables of another file.
struct ScriptTests {
    static let methods = ["spawn", "forkserver"]

    @Test(arguments: methods) func childThatUsesAVariableOfMainIsRefused(method: String) async throws {
        let result = try await run([program(named: "script"), method, "3"])
        #expect(result.status == 1)
        #expect(result.output.contains("error: main.swift sets used, which other code of script uses"))
        #expect(result.output.split(separator: "\n").count == 1, "\(result.output)")
    }

    /// While it is zero, the child sees the same value as its parent; variables used only by the top level do not
    /// matter, and those of other files are set in each child.
    @Test(arguments: methods) func childThatUsesVariablesOfOtherFilesIsStarted(method: String) async throws {
        let result = try await run([program(named: "script"), method, "0"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output == "process: 42\npool: [43, 44, 45]\n")
    }

    @Test func forkedChildHasAllVariables() async throws {
        let result = try await run([program(named: "script"), "fork", "3"])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output == "process: 146\npool: [147, 148, 149]\n")
    }
}
