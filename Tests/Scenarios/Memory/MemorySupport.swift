@preconcurrency import Glibc
import Multiprocessing

/// A name for shared memory that no other test has.
func freshName(_ suffix: String = "") -> String {
    "scenario-\(getpid())-\(UInt32.random(in: .min ... .max))\(suffix)"
}

func nameExists(_ name: String) -> Bool {
    access("/dev/shm/\(name)", F_OK) == 0
}

/// Runs a Python program with arguments, and returns its output; nil if there is no Python.
final class PythonProgram {
    private let stream: UnsafeMutablePointer<FILE>

    init(_ program: String, _ arguments: [String]) throws {
        let quoted = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
        stream = try require(popen("exec python3 -c \(quoted) 2>&1", "r"))
    }

    /// The next line that it prints, without its end.
    func line() -> String {
        var bytes: [UInt8] = []
        while case let byte = fgetc(stream), byte >= 0, byte != 10 { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Waits for its end; returns the rest of its output, which should be empty.
    func end() -> String {
        var text = ""
        while case let next = line(), !next.isEmpty { text += next + "\n" }
        let status = pclose(stream)
        return status == 0 ? text : text + "status \(status)"
    }
}

/// Ends and reaps a process.
func kill(_ process: Process, file: StaticString = #fileID, line: UInt = #line) throws {
    process.kill()
    expectEqual(try process.join(timeout: .seconds(10)), .signaled(SIGKILL), file: file, line: line)
}
