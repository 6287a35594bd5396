import CPoolmap
import Glibc
import Ground
import SystemPackage

/// A program of the engine, such as sbatch, that is run for its output.
struct HelperProgram {
    let name: String

    /// The program's output and its exit code, which is 128 plus the number for a signal.
    struct Answer {
        let exitCode: Int32
        let output: String
        let error: String

        /// Its error output, on one line.
        var complaint: String {
            let lines = error.split(separator: "\n").filter { !$0.allSatisfy(\.isWhitespace) }
            return lines.isEmpty ? "failed with exit code \(exitCode)" : lines.joined(separator: "; ")
        }
    }

    /// Runs the program to its end.
    ///
    /// Blocks. If this process dies, the program is killed, too. Throws if it cannot be started; a failure of the
    /// program itself is in the answer.
    ///
    /// - Parameter isCutShort: whether to kill it when a signal asks this process to end.
    func run(
        _ arguments: [String], input: [UInt8] = [], _ signals: SignalWait, isCutShort: Bool
    ) throws(PoolmapError) -> Answer {
        let files = [try memory(input), try memory(), try memory()]
        defer { files.forEach { _ = Glibc.close($0) } }
        guard poolmap_make_command_places(1) == 0 else {
            throw .system("cannot run \(name)", Errno(rawValue: errno))
        }
        let process = try start(arguments, files)
        var isKilled = false
        while !hasEnded(process) {
            signals.wait(.milliseconds(100))
            if signals.asked != nil, isCutShort, !isKilled {
                isKilled = true
                kill(-process, SIGKILL)
            }
        }
        poolmap_command_has_ended(0)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + status & 0x7F
        return Answer(exitCode: code, output: try content(of: files[1]), error: try content(of: files[2]))
    }

    private func start(_ arguments: [String], _ files: [Int32]) throws(PoolmapError) -> pid_t {
        let path = try path()
        var words = ([name] + arguments).map { strdup($0.cName) } + [nil]
        var variables = HelperProgram.environment.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        let process = path.withCName { path in
            words.withUnsafeMutableBufferPointer { words in
                variables.withUnsafeMutableBufferPointer { variables in
                    var command = poolmap_command(
                        path: path, arguments: words.baseAddress, environment: variables.baseAddress, input: files[0],
                        output: files[1], error: files[2], kept: nil, kept_count: 0)
                    return poolmap_start_command(0, &command)
                }
            }
        }
        guard process > 0 else { throw .system("cannot run \(name)", Errno(rawValue: errno)) }
        return process
    }

    private func hasEnded(_ process: pid_t) -> Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT | WNOHANG) == 0
            && information.si_signo == SIGCHLD
    }

    private func path() throws(PoolmapError) -> String {
        let folders = environmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in folders.split(separator: ":", omittingEmptySubsequences: false) {
            let path = (folder.isEmpty ? "." : folder) + "/" + name
            if access(path.cName, X_OK) == 0, FileStatus(ofPath: path)?.isDirectory == false { return path }
        }
        throw PoolmapError(.failed, "cannot find \(name) in PATH; --engine slurm requires Slurm's commands")
    }

    private func memory(_ content: [UInt8] = []) throws(PoolmapError) -> Int32 {
        let file = poolmap_open_memory(name)
        guard file >= 0, write(file, content, content.count) == content.count, lseek(file, 0, SEEK_SET) == 0 else {
            throw .system("cannot run \(name)", Errno(rawValue: errno))
        }
        return file
    }

    private func content(of file: Int32) throws(PoolmapError) -> String {
        let most = 64 << 20
        var bytes = [UInt8](repeating: 0, count: Int(max(0, min(lseek(file, 0, SEEK_END), most))))
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        return FileName.text(of: bytes.prefix(max(0, count)))
    }

    /// This process's environment without variables that would change what the program does, or that a job would
    /// inherit from an outer job or from make and mistake for its own.
    private static let environment: [[CChar]] = {
        let dropped = ["SLURM_", "SQUEUE_", "SCANCEL_", "SCONTROL_"].map { Array($0.utf8) }
        let kept = ["SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT"].map { Array("\($0)=".utf8) }
        let others = [
            "SBATCH_ARRAY_INX", "SBATCH_WAIT", "SBATCH_JOB_NAME", "MAKEFLAGS", "MFLAGS", "MAKELEVEL",
        ].map { Array("\($0)=".utf8) }
        var variables: [[CChar]] = []
        var place = environ
        while let variable = place.pointee {
            let bytes = UnsafeRawBufferPointer(start: variable, count: strlen(variable))
            let isDropped = (dropped + others).contains { bytes.starts(with: $0) }
            if !isDropped || kept.contains(where: { bytes.starts(with: $0) }) {
                variables.append(bytes.map { CChar(bitPattern: $0) } + [0])
            }
            place += 1
        }
        return variables
    }()
}
