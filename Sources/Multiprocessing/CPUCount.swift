import CMultiprocessing
import Glibc
import SystemPackage

/// The number of online processors of the machine, whether or not this process may use them.
///
/// To choose a number of workers, use `processCPUCount()`. Does not block. The corresponding Python API is
/// `multiprocessing.cpu_count`.
public func cpuCount() -> Int {
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}

/// The number of processors that this process can keep busy: those in its affinity mask, but no more than its control
/// group's CPU quota allows (rounded up), and at least 1.
///
/// Does not block. The corresponding Python API is `os.process_cpu_count`, which ignores quotas.
public func processCPUCount() -> Int {
    let usable = max(1, Int(mp_affinity_count()))
    guard let quota = controlGroupQuota() else { return usable }
    return max(1, min(usable, Int(quota.rounded(.up))))
}

/// The CPU quota of this process's control groups, in processors; nil if none has a limit.
private func controlGroupQuota() -> Double? {
    guard let membership = textOfFile("/proc/self/cgroup") else { return nil }
    var least: Double?
    for line in membership.split(separator: "\n") {
        // hierarchy-ID:controllers:path; the unified hierarchy is "0::path".
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { continue }
        let unified = parts[1].isEmpty
        guard unified || parts[1].split(separator: ",").contains("cpu") else { continue }
        let root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu"
        for group in selfAndParents(of: String(parts[2])) {
            if let quota = unified ? unifiedQuota(root + group) : legacyQuota(root + group) {
                least = min(least ?? quota, quota)
            }
        }
    }
    return least
}

/// "/a/b" → "/a/b", "/a", "": a parent's limit applies to its children too.
private func selfAndParents(of path: String) -> [String] {
    var components = path.split(separator: "/")
    var groups = [""]
    while !components.isEmpty {
        groups.append("/" + components.joined(separator: "/"))
        components.removeLast()
    }
    return groups
}

private func unifiedQuota(_ group: String) -> Double? {
    guard let limit = textOfFile(group + "/cpu.max") else { return nil }
    let fields = limit.split { $0 == " " || $0 == "\n" }
    guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]), period > 0 else {
        return nil  // "max 100000": no limit.
    }
    return quota / period
}

private func legacyQuota(_ group: String) -> Double? {
    func number(_ file: String) -> Double? {
        textOfFile("\(group)/\(file)").flatMap { $0.split(separator: "\n").first }.flatMap { Double($0) }
    }
    guard let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us"), quota > 0, period > 0 else {
        return nil
    }
    return quota / period
}
