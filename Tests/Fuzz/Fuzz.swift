import Glibc

/// A reader of untrusted bytes, and what must hold whatever the bytes are.
struct FuzzTarget: Sendable {
    /// Its name, which is also that of its folder in `corpus`.
    let name: String
    /// The longest input: more bytes would show nothing new, and run slower.
    let mostBytes: Int
    /// How many edges of the code a short run from the corpus must reach.
    ///
    /// A target that reaches fewer no longer tests anything, and fails.
    let leastEdges: Int
    /// Inputs to start with if there is no corpus.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Reads the bytes, which end where their memory ends; calls `require` to report a fault.
    let run: @Sendable (UnsafeRawBufferPointer) -> Void
}

// libFuzzer's entry point for programs with a `main` of their own. It ends the process when the time is over.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// All targets in one program, since linking takes long: `fuzz TARGET [libFuzzer's options] [FOLDER or FILE]…`.
///
/// `fuzz --list` prints a line for each: name, edges, bytes. `fuzz --seeds FOLDER` writes inputs to start with.
@main enum Fuzz {
    static let targets: [FuzzTarget] = [
        .frames, .tables, .sections, .seekable, .salvage, .decompress, .manifest, .lists, .names, .journals, .parts,
        .reports, .makeFlags, .messages, .connection, .handshake, .manager, .shareable,
    ]

    /// The target of this process.
    nonisolated(unsafe) private static var chosen = targets[0]

    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())[...]
        guard let name = arguments.popFirst() else { fail("the name of a target, or --list") }
        switch name {
        case "--list":
            for target in targets { print(target.name, target.leastEdges, target.mostBytes) }
        case "--seeds":
            guard let folder = arguments.popFirst() else { fail("--seeds needs a folder") }
            for target in targets { try writeSeeds(of: target, to: "\(folder)/\(target.name)") }
        default:
            // Processes started by libFuzzer, such as for -merge=1, get only its options.
            if !name.hasPrefix("-") { setenv(variable, name, 1) } else { arguments = [name] + arguments }
            let wanted = getenv(variable).map { String(cString: $0) }
            guard let target = targets.first(where: { $0.name == wanted }) else { fail("no target \(wanted ?? name)") }
            chosen = target
            fuzz(with: Array(arguments))
        }
    }

    private static let variable = "POOLMAP_FUZZ_TARGET"

    private static func fuzz(with options: [String]) {
        // Redirects standard output, so that content written there can be examined.
        ScratchFiles.takeStandardOutput()
        let words = [CommandLine.arguments[0]] + options
        // Never freed: libFuzzer keeps them.
        var arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { arguments[index] = strdup(word) }
        arguments[words.count] = nil
        var count = Int32(words.count)
        exit(runDriver(&count, &arguments, { Fuzz.run($0, $1) }))
    }

    private static func run(_ bytes: UnsafePointer<UInt8>?, _ byteCount: Int) -> Int32 {
        chosen.run(UnsafeRawBufferPointer(start: bytes, count: byteCount))
        return 0
    }

    private static func writeSeeds(of target: FuzzTarget, to folder: String) throws {
        mkdir(folder, 0o777)
        for (index, seed) in try target.seeds().enumerated() {
            guard let file = fopen("\(folder)/seed-\(index)", "w") else { fail("cannot write to \(folder)") }
            fwrite(seed, 1, seed.count, file)
            fclose(file)
        }
    }

    private static func fail(_ text: String) -> Never {
        let line = Array("fuzz: \(text)\n".utf8)
        write(STDERR_FILENO, line, line.count)
        exit(EXIT_FAILURE)
    }
}
