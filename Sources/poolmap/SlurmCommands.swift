import Glibc
import Ground
import Slurm

/// Talks to Slurm through its own commands.
struct SlurmCommands {
    let signals: SignalWait
    /// The user's options for sbatch.
    let options: [String]

    /// Submits a script, and returns the job's number.
    ///
    /// If Slurm refuses, throws sbatch's message. A signal does not interrupt it: otherwise it would be unknown whether
    /// the job exists.
    func submit(_ script: [UInt8], name: String, _ more: [String]) throws(PoolmapError) -> String {
        let own = ["--parsable", "--job-name=\(name)"] + more
        let answer = try HelperProgram(name: "sbatch").run(
            ["--output=/dev/null", "--requeue"] + options + own, input: script, signals, isCutShort: false)
        // With several clusters, "34;cluster".
        let job = answer.output.prefix { 0x30...0x39 ~= ($0.utf8.first ?? 0) }
        if answer.exitCode == 0, !job.isEmpty { return String(job) }
        // The job may exist even if the answer was lost.
        if let job = try find(name) { return job }
        throw PoolmapError(.failed, answer.complaint)
    }

    /// The number of the job with this name; nil if Slurm knows none.
    func find(_ name: String) throws(PoolmapError) -> String? {
        let answer = try HelperProgram(name: "squeue").run(
            ["-h", "-r", "-t", "all", "--name=\(name)", "-o", QueueLine.format], signals, isCutShort: true)
        guard answer.exitCode == 0 else { throw PoolmapError(.failed, answer.complaint) }
        return QueueLine.all(of: answer.output).first?.job
    }

    /// The queue lines of jobs; nil if Slurm does not answer now.
    ///
    /// Slurm forgets a job some minutes after its end.
    func look(at jobs: [String]) throws(PoolmapError) -> [QueueLine]? {
        guard !jobs.isEmpty else { return [] }
        let answer = try HelperProgram(name: "squeue").run(
            ["-h", "-r", "-t", "all", "-j", jobs.joined(separator: ","), "-o", QueueLine.format], signals,
            isCutShort: true)
        if answer.exitCode == 0 { return QueueLine.all(of: answer.output) }
        // This is the error once it has forgotten all of them.
        return strstr(answer.error, "Invalid job id") != nil ? [] : nil
    }

    /// How an element, or a job that is not an array, has ended; nil if Slurm does not know.
    func ending(of job: String, _ element: Int?) throws(PoolmapError) -> JobEnding? {
        let number = element.map { "\(job)_\($0)" } ?? job
        let answer = try HelperProgram(name: "scontrol").run(
            ["-o", "show", "job", number], signals, isCutShort: true)
        return answer.output.split(separator: "\n").first.flatMap { JobEnding($0) }
    }

    /// Cancels jobs; those that are over do not matter.
    func cancel(_ jobs: [String]) {
        guard !jobs.isEmpty else { return }
        _ = try? HelperProgram(name: "scancel").run(jobs, signals, isCutShort: false)
    }
}
