/// One promise of the library, tested with real processes.
struct Scenario {
    let name: String
    let body: () throws -> Void
}

/// All scenarios by group.
enum Registry {
    nonisolated(unsafe) private(set) static var groups: [(name: String, scenarios: [Scenario])] = []
    /// These leak or fail on purpose: the harness must report each of them; only then does its silence about others
    /// mean anything.
    static let failingGroup = "leaks"

    static func group(_ name: String, _ registrations: (() -> Void)...) {
        groups.append((name, []))
        for register in registrations {
            register()
        }
    }

    static func find(_ name: String) -> Scenario? {
        groups.lazy.flatMap(\.scenarios).first { $0.name == name }
    }

    /// The names in a group; without a group, those of all groups that must pass.
    static func names(in group: String?) -> [String] {
        groups.filter { group == nil ? $0.name != failingGroup : $0.name == group }
            .flatMap(\.scenarios).map(\.name)
    }

    fileprivate static func add(_ scenario: Scenario) {
        precondition(find(scenario.name) == nil, "two scenarios are called \(scenario.name)")
        groups[groups.count - 1].scenarios.append(scenario)
    }
}

/// Adds a scenario to the current group; its name is the sentence that it proves.
func scenario(_ name: String, _ body: @escaping () throws -> Void) {
    Registry.add(Scenario(name: name, body: body))
}
