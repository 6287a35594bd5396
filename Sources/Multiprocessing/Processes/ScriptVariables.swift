import CMultiprocessing
import Glibc

/// Detects variables at the top level of `main.swift`, which are not set in a child that does not run `main`.
///
/// `main` sets them from top to bottom. Other code of the module that uses them reads their memory as it is: 0, no
/// elements, a crash. So instead of silent errors in the child, the start fails.
enum ScriptVariables {
    private struct Variable {
        let name: String
        let bytes: UnsafeRawBufferPointer
    }

    private static let known = Guarded<[String: [Variable]]>([:])

    /// Throws `invalidState` if the module of a type has such variables, its functions use them, and they are set here.
    static func requireNone(for type: Any.Type) throws(MultiprocessingError) {
        for module in modules(of: type) {
            let variables = known.withLock { known in
                if let variables = known[module] { return variables }
                let found = find(in: module)
                known[module] = found
                return found
            }
            let names = variables.filter { $0.bytes.contains { $0 != 0 } }.map(\.name).sorted()
            guard names.isEmpty else {
                throw MultiprocessingError(
                    .invalidState,
                    "main.swift sets \(names.joined(separator: ", ")), which other code of \(module) uses, and a child "
                        + "that is not forked does not run main.swift: move what is at its top level to another file, "
                        + "or into an @main type")
            }
        }
    }

    /// The modules of a type and of its arguments, except Swift and this library.
    private static func modules(of type: Any.Type) -> Set<String> {
        let paths = String(reflecting: type).split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        return Set(paths.compactMap { $0.split(separator: ".").first.map(String.init) })
            .subtracting(["Swift", "Multiprocessing"])
    }

    private static func find(in module: String) -> [Variable] {
        let most = 100
        return withUnsafeTemporaryAllocation(of: mp_script_variable.self, capacity: most) { found in
            let count = mp_script_variables(module, found.baseAddress, most)
            return found[..<count].map { variable in
                let name = withUnsafeBytes(of: variable.name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                return Variable(
                    name: name, bytes: UnsafeRawBufferPointer(start: variable.start, count: variable.byte_count))
            }
        }
    }
}
