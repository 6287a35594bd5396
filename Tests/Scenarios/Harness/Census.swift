@preconcurrency import Glibc

/// What a scenario must leave unchanged: no new child, descendant, descriptor, thread or name.
struct Census {
    private let descriptors = openDescriptors()
    private let names = Census.sharedMemoryNames

    /// Regular files only, which is what `shm_open` and `sem_open` make.
    ///
    /// Others may use the folder as a fast disk. Each name comes with its modification time, so that a name that
    /// existed before and is left behind again is noticed too.
    private static var sharedMemoryNames: Set<String> {
        Set(
            namesIn("/dev/shm").compactMap { name in
                var information = stat()
                guard lstat("/dev/shm/\(name)", &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
                    return nil
                }
                return "\(name), written at \(information.st_mtim.tv_sec).\(information.st_mtim.tv_nsec)"
            })
    }

    /// What was left behind, in sentences; also cleans it up, so that a leak does not outlive its report.
    func leftovers() -> [String] {
        leftChildren() + leftDescendants() + leftDescriptors() + leftNames() + leftThreads()
    }

    private func leftChildren() -> [String] {
        var left: [String] = []
        while true {
            var status: Int32 = 0
            let pid = waitpid(-1, &status, WNOHANG)
            if pid > 0 {
                left.append("a child was not waited for: \(pid)")
            } else if pid == 0, let child = ProcessRecord.children(of: getpid()).first {
                left.append("a child is left: \(child.pid) \(child.name)")
                kill(child.pid, SIGKILL)
                waitpid(child.pid, &status, 0)
            } else if pid < 0 && errno == ECHILD {
                return left
            }
        }
    }

    /// Descendants are recognized by the process group that the harness has created.
    ///
    /// The kernel ends those whose parent was killed, but not at the same instant.
    private func leftDescendants() -> [String] {
        func living() -> [ProcessRecord] {
            ProcessRecord.all.filter { $0.group == getpgrp() && $0.pid != getpid() && !$0.isZombie }
        }
        if eventually(within: .seconds(1), { living().isEmpty }) { return [] }
        return living().map { process in
            kill(process.pid, SIGKILL)
            return "a descendant is left: \(process.pid) \(process.name)"
        }
    }

    private func leftDescriptors() -> [String] {
        let now = openDescriptors()
        let opened = now.filter { descriptors[$0.key] == nil }.map { "a descriptor is left: \($0.key) \($0.value)" }
        let closed = descriptors.filter { now[$0.key] == nil }.map { "a descriptor is gone: \($0.key) \($0.value)" }
        return opened + closed
    }

    private func leftNames() -> [String] {
        Census.sharedMemoryNames.subtracting(names).map { "a name is left in /dev/shm: \($0)" }
    }

    private func leftThreads() -> [String] {
        let count = namesIn("/proc/self/task").count
        return count == 1 ? [] : ["threads are left: \(count) in all"]
    }
}

/// Runs a scenario and returns its result as an exit code.
func run(_ scenario: Scenario) -> Int32 {
    let census = Census()
    do {
        try scenario.body()
    } catch {
        Failures.report("\(scenario.name) threw: \(error)", #fileID, #line)
    }
    for leftover in census.leftovers() {
        Failures.report("\(scenario.name): \(leftover)", #fileID, #line)
    }
    return Failures.count == 0 ? 0 : 1
}

/// The scenario's own temporary folder, which must be empty at the end.
var temporaryFolder: String {
    getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
}

/// Runs the body with a new temporary folder and removes it; a name left in it is a failure.
func inTemporaryFolder(_ body: () -> Int32) -> Int32 {
    var template = Array("/tmp/scenario-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fatalError("no temporary folder") }
    setenv("TMPDIR", template, 1)
    let (folder, status) = (temporaryFolder, body())
    let left = namesIn(folder)
    for name in left {
        print("a temporary file is left: \(name)")
        _ = removeTree(folder + "/" + name)
    }
    rmdir(folder)
    return left.isEmpty ? status : 1
}

private func removeTree(_ path: String) -> Int32 {
    for name in namesIn(path) {
        _ = removeTree(path + "/" + name)
    }
    return remove(path)
}
