import Glibc
import Ground

/// How a program is told of a job server that this process serves.
///
/// Not all programs know both forms, and none looks at more than one. make reads its options as any program does, where an
/// option's value may be a word of its own, and takes the last; up to 4.3 it stops at `fifo:`. ninja knows only `fifo:`, and
/// only behind `=`, as all others read it that read `MAKEFLAGS` by themselves. So `MAKEFLAGS` has
/// `--jobserver-auth=fifo:PATH --jobserver-auth R,W`. Old ones of cargo know no `fifo:` either, and read a variable of
/// their own first.
package enum ServedJobs {
    package struct Variable {
        package let name: String
        package let value: [UInt8]
    }

    /// `MAKEFLAGS` and `CARGO_MAKEFLAGS`: what this process has there, with another job server.
    ///
    /// - Parameters:
    ///   - jobs: how many jobs may run in all.
    ///   - reader: the pipe's ends, under the numbers that they have in the program.
    ///   - path: where the pipe may be opened anew; without blanks.
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
