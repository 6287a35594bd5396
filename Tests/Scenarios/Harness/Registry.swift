/// One thing that the library promises, tried with real processes.
struct Scenario {
    let name: String
    let body: () throws -> Void
}

/// All scenarios by group.
enum Registry {
    nonisolated(unsafe) private(set) static var groups: [(name: String, scenarios: [Scenario])] = []
    /// These leak or fail on purpose: the harness must report each of them, or its silence about others means nothing.
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

    /// The names in a group; of all groups that must pass where none is given.
    static func names(in group: String?) -> [String] {
        groups.filter { group == nil ? $0.name != failingGroup : $0.name == group }
            .flatMap(\.scenarios).map(\.name)
    }

    fileprivate static func add(_ scenario: Scenario) {
        precondition(find(scenario.name) == nil, "two scenarios are called \(scenario.name)")
        groups[groups.count - 1].scenarios.append(scenario)
    }
}

/// Adds a scenario to the group that is being registered; its name is the sentence that it proves.
func scenario(_ name: String, _ body: @escaping () throws -> Void) {
    Registry.add(Scenario(name: name, body: body))
}
