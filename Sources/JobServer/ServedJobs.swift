import Glibc
import Ground

/// How a program is told of a job server that this process provides.
///
/// Not all programs know both forms, and none tries more than one. make parses its options as usual, so an option's
/// value may be a separate word, and uses the last one; up to 4.3 it stops at `fifo:`. ninja knows only `fifo:`, and
/// only after `=`, as do all others that parse `MAKEFLAGS` themselves. So `MAKEFLAGS` has
/// `--jobserver-auth=fifo:PATH --jobserver-auth R,W`. Old versions of cargo do not know `fifo:` either, and read their
/// own variable first.
package enum ServedJobs {
    package struct Variable {
        package let name: String
        package let value: [UInt8]
    }

    /// `MAKEFLAGS` and `CARGO_MAKEFLAGS`: this process's values, with another job server.
    ///
    /// - Parameters:
    ///   - jobs: the total number of jobs that may run.
    ///   - reader: the pipe's ends, with the descriptor numbers that they have in the program.
    ///   - path: the path where the pipe can be opened again; without blanks.
    package static func variables(jobs: Int, reader: Int32, writer: Int32, path: String) -> [Variable] {
        let own = getenv("MAKEFLAGS").map { FileName.text(of: $0) }
        let ends = "\(reader),\(writer)"
        let options = ["-j\(jobs)", "--jobserver-auth=fifo:\(path)", "--jobserver-auth", ends]
        let flags = MakeFlags.text(own ?? "", servedBy: options)
        return [
            Variable(name: "MAKEFLAGS", value: FileName.bytes(of: flags)),
            Variable(
                name: "CARGO_MAKEFLAGS",
                value: Array("-j\(jobs) --jobserver-fds=\(ends) --jobserver-auth=\(ends)".utf8)),
        ]
    }
}
