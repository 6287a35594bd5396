import Glibc
import TestSupport

let scenarioProgram = getenv("SCENARIOS").map { String(cString: $0) } ?? program(named: "scenarios")

/// The names of the scenarios in a group, or of all that must pass.
func scenarioNames(in group: String? = nil) throws -> [String] {
    let result = try runBlocking([scenarioProgram, "--list"] + (group.map { [$0] } ?? []), within: 60)
    guard result.status == 0 else { throw StartFailure(program: scenarioProgram, number: result.status) }
    return result.output.split(separator: "\n").map(String.init)
}
