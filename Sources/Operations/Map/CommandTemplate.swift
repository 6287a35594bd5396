import Files
import Glibc
import Ground
import JobServer
import SystemPackage

/// A user's command, whose arguments and environment depend on the chunk.
package struct CommandTemplate: Sendable {
    /// The properties of a chunk that a command can use.
    package struct Chunk {
        /// Its index in its input, from 0.
        package var index: UInt64
        /// Its offset in its input and its length, in bytes.
        package var offset: UInt64
        package var byteCount: UInt64
        /// The number of chunks of its input; nil if only the end will tell.
        package var count: UInt64?
        /// The input's name; "-" for standard input.
        package var input: String
    }

    private enum Field: String, CaseIterable {
        case index, offset, length, count, input

        /// The environment variable.
        var variable: String {
            self == .input ? "POOLMAP_INPUT" : "POOLMAP_CHUNK_\(rawValue.uppercased())"
        }

        /// nil if unknown.
        func value(of chunk: Chunk) -> String? {
            switch self {
            case .index: "\(chunk.index)"
            case .offset: "\(chunk.offset)"
            case .length: "\(chunk.byteCount)"
            case .count: chunk.count.map { "\($0)" }
            case .input: chunk.input
            }
        }
    }

    private enum Part {
        case text([UInt8])
        case field(Field)
        /// The input's name, quoted for a shell.
        case quotedInput
        /// The files that a reduction reads.
        case files
    }

    /// Used in messages.
    package let name: String
    private let path: [CChar]
    private let arguments: [[Part]]

    /// Creates a command from its words, the first of which names the program.
    ///
    /// - Parameter path: the path of the program.
    package init(_ words: [String], path: String) {
        name = words.first ?? ""
        self.path = Array(path.cName)
        // The first word is a name, whatever it looks like.
        arguments = words.enumerated().map { place, word in
            place == 0 ? [.text(FileName.bytes(of: word))] : CommandTemplate.parts(of: word)
        }
    }

    /// Creates a command from a line for `/bin/sh`, in which an input's name is always a single word.
    package init(shellLine line: String) {
        name = "sh"
        path = Array("/bin/sh".cName)
        let parts = CommandTemplate.parts(of: line).map { (part) -> Part in
            if case .field(.input) = part { .quotedInput } else { part }
        }
        arguments = [[.text(Array("sh".utf8))], [.text(Array("-c".utf8))], parts]
    }

    /// Creates a command from a line for `/bin/sh` that reads files; they replace "{}", or follow the line if it has
    /// none.
    package init(reducing line: String) {
        name = "sh"
        path = Array("/bin/sh".cName)
        var parts: [Part] = []
        var rest = FileName.bytes(of: line)[...]
        var text: [UInt8] = []
        while let byte = rest.first {
            if rest.starts(with: "{}".utf8) {
                parts += [.text(text), .files]
                (text, rest) = ([], rest.dropFirst(2))
            } else {
                text.append(byte)
                rest = rest.dropFirst()
            }
        }
        parts += parts.isEmpty ? [.text(text + [0x20]), .files] : [.text(text)]
        arguments = [[.text(Array("sh".utf8))], [.text(Array("-c".utf8))], parts]
    }

    /// Whether an argument contains the number of chunks.
    var asksForCount: Bool {
        arguments.joined().contains { if case .field(.count) = $0 { true } else { false } }
    }

    private static func parts(of word: String) -> [Part] {
        var parts: [Part] = []
        var text: [UInt8] = []
        var rest = FileName.bytes(of: word)[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "{"), let field = field(atStartOf: rest) {
                parts += [.text(text), .field(field)]
                text = []
                rest = rest.dropFirst(field.rawValue.utf8.count + 2)
            } else {
                text.append(byte)
                rest = rest.dropFirst()
            }
        }
        return parts + [.text(text)]
    }

    private static func field(atStartOf bytes: ArraySlice<UInt8>) -> Field? {
        Field.allCases.first { bytes.starts(with: "{\($0.rawValue)}".utf8) }
    }

    /// A word with its fields replaced by the properties of a chunk.
    package static func text(of word: String, for chunk: Chunk) -> [UInt8] {
        text(of: parts(of: word), for: chunk, [])
    }

    private static func text(of parts: [Part], for chunk: Chunk, _ files: [Int32]) -> [UInt8] {
        parts.flatMap { part in
            switch part {
            case .text(let bytes): bytes
            case .field(let field): FileName.bytes(of: field.value(of: chunk) ?? "")
            case .files: Array(files.map { "/dev/fd/\($0)" }.joined(separator: " ").utf8)
            case .quotedInput: CommandTemplate.quoted(FileName.bytes(of: chunk.input))
            }
        }
    }

    private static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        return [quote] + bytes.flatMap { $0 == quote ? Array("'\\''".utf8) : [$0] } + [quote]
    }

    /// Calls `body` with the arguments and the environment for a chunk, or for files, as `execve` takes them.
    ///
    /// - Parameter others: variables besides those of the chunk.
    func withPointers<Result>(
        for chunk: Chunk, _ files: [Int32], _ others: [ServedJobs.Variable],
        _ body: (
            UnsafePointer<CChar>?, UnsafePointer<UnsafeMutablePointer<CChar>?>?,
            UnsafePointer<UnsafeMutablePointer<CChar>?>?
        ) throws(PoolmapError) -> Result
    ) throws(PoolmapError) -> Result {
        let words = arguments.map { CommandTemplate.copy(CommandTemplate.text(of: $0, for: chunk, files)) }
        let own =
            Field.allCases.compactMap { field in
                field.value(of: chunk).map { CommandTemplate.variable(field.variable, FileName.bytes(of: $0)) }
            } + others.map { CommandTemplate.variable($0.name, $0.value) }
        defer { (words + own).forEach { free($0) } }
        let argumentList: [UnsafeMutablePointer<CChar>?] = words + [nil]
        let variableList: [UnsafeMutablePointer<CChar>?] =
            CommandTemplate.inheritedVariables(but: others.map(\.name)) + own + [nil]
        let result: Swift.Result<Result, PoolmapError> = path.withUnsafeBufferPointer { path in
            argumentList.withUnsafeBufferPointer { argumentList in
                variableList.withUnsafeBufferPointer { variableList in
                    do throws(PoolmapError) {
                        return .success(
                            try body(path.baseAddress, argumentList.baseAddress, variableList.baseAddress))
                    } catch {
                        return .failure(error)
                    }
                }
            }
        }
        return try result.get()
    }

    private static func variable(_ name: String, _ value: [UInt8]) -> UnsafeMutablePointer<CChar> {
        copy(Array("\(name)=".utf8) + value)
    }

    private static func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
        for (place, byte) in bytes.enumerated() {
            copy[place] = CChar(bitPattern: byte)
        }
        copy[bytes.count] = 0
        return copy
    }

    /// This process's own variables, without those of these names and without those about a chunk, which come from an
    /// outer `poolmap map`.
    private static func inheritedVariables(but others: [String]) -> [UnsafeMutablePointer<CChar>?] {
        var variables: [UnsafeMutablePointer<CChar>?] = []
        var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        let names = (Field.allCases.map(\.variable) + others).map { "\($0)=" }
        while let variable = next.pointee {
            if !names.contains(where: { strncmp(variable, $0, $0.utf8.count) == 0 }) {
                variables.append(variable)
            }
            next += 1
        }
        return variables
    }
}

extension CommandTemplate {
    /// The path of the program that a command names: the name itself if it is a path, else searched for in `PATH`.
    ///
    /// Throws with `ENOENT` if there is none, and `EACCES` if it is not executable. The C function is `execvp`.
    package static func find(_ name: String) throws(PoolmapError) -> String {
        if name.contains("/") {
            try requireProgram(name, name)
            return name
        }
        guard !name.isEmpty else { throw .system("cannot run a command without a name", .noSuchFileOrDirectory) }
        let folders = getenv("PATH").map { FileName.text(of: $0) } ?? "/usr/local/bin:/bin:/usr/bin"
        var refused: PoolmapError?
        for folder in folders.split(separator: ":", omittingEmptySubsequences: false) {
            let path = folder.isEmpty ? "./\(name)" : "\(folder)/\(name)"
            do throws(PoolmapError) {
                try requireProgram(path, name)
                return path
            } catch {
                refused = refused ?? (error.isMissingFile ? nil : error)
            }
        }
        throw refused ?? .system("cannot run \(name)", .noSuchFileOrDirectory)
    }

    private static func requireProgram(_ path: String, _ name: String) throws(PoolmapError) {
        guard let status = FileStatus(ofPath: path) else {
            throw .system("cannot run \(name)", Errno(rawValue: errno == EACCES ? EACCES : ENOENT))
        }
        guard !status.isDirectory, access(path.cName, X_OK) == 0 else {
            throw .system("cannot run \(name)", .permissionDenied)
        }
    }
}
