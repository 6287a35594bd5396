@preconcurrency import Glibc

/// What the kernel reports about a process.
struct ProcessRecord {
    let pid: Int32
    let name: String
    let state: Character
    let parent: Int32
    let group: Int32

    /// Ended, and waiting for a parent that may be slow, or not one of ours.
    var isZombie: Bool {
        state == "Z" || state == "X"
    }

    /// Nil if there is no such process.
    init?(_ pid: Int32) {
        guard let stat = textOf("/proc/\(pid)/stat"), let start = stat.firstIndex(of: "("),
            let end = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        guard fields.count > 2, let parent = Int32(fields[1]), let group = Int32(fields[2]) else { return nil }
        self.pid = pid
        self.name = String(stat[stat.index(after: start)..<end])
        self.state = fields[0].first ?? "?"
        self.parent = parent
        self.group = group
    }

    static var all: [ProcessRecord] {
        namesIn("/proc").compactMap { Int32($0) }.compactMap { ProcessRecord($0) }
    }

    /// The living children of a process.
    static func children(of parent: Int32) -> [ProcessRecord] {
        all.filter { $0.parent == parent && !$0.isZombie }
    }
}

/// A line of `/proc/PID/status` such as `VmHWM`, in KiB.
func kibibytes(_ key: String, of pid: Int32 = getpid()) -> Int? {
    guard let status = textOf("/proc/\(pid)/status") else { return nil }
    for line in status.split(separator: "\n") where line.hasPrefix(key + ":") {
        return line.split { " \t:".contains($0) }.dropFirst().first.flatMap { Int($0) }
    }
    return nil
}

/// The number of this process's memory mappings.
func mappingCount() -> Int {
    textOf("/proc/self/maps")?.split(separator: "\n").count ?? 0
}

/// This process's open descriptors, with the kernel's names of their files.
func openDescriptors() -> [Int32: String] {
    var result: [Int32: String] = [:]
    for case let number? in namesIn("/proc/self/fd").map({ Int32($0) }) {
        var target = [CChar](repeating: 0, count: 256)
        // The listing's own descriptor is closed by now, and has no target.
        let count = readlink("/proc/self/fd/\(number)", &target, target.count)
        if count > 0 {
            result[number] = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
    return result
}

/// Whether a descriptor would be closed by `exec`.
func isCloseOnExec(_ descriptor: Int32) -> Bool {
    let flags = textOf("/proc/self/fdinfo/\(descriptor)")?.split(separator: "\n").first { $0.hasPrefix("flags:") }
    let digits = flags?.split { " \t:".contains($0) }.last
    return digits.flatMap { Int($0, radix: 8) }.map { $0 & 0o2_000_000 != 0 } ?? false
}

func namesIn(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." {
            names.append(name)
        }
    }
    return names
}

func textOf(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    return contents(of: file)
}

func contents(of file: UnsafeMutablePointer<FILE>) -> String? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        guard count > 0 else { break }
        bytes += piece[..<count]
    }
    return ferror(file) == 0 ? String(decoding: bytes, as: UTF8.self) : nil
}
