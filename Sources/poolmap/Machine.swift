import Glibc
import Ground
import Multiprocessing

/// The machine in a report; null for values that the kernel does not tell.
func machineDescription() -> JSONText {
    var names = utsname()
    let isNamed = uname(&names) == 0
    let pages = max(0, sysconf(Int32(_SC_PHYS_PAGES)))
    return .object([
        ("cpu", cpuModel().map { .string($0) } ?? .null),
        ("architecture", isNamed ? .string(text(of: names.machine)) : .null),
        ("cores", .number(UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))),
        ("usableCores", .number(UInt64(processCPUCount()))),
        ("memoryBytes", .number(UInt64(pages) * UInt64(max(0, sysconf(Int32(_SC_PAGESIZE)))))),
        ("system", isNamed ? .string("\(text(of: names.sysname)) \(text(of: names.release))") : .null),
    ])
}

/// The model of the first CPU.
///
/// Reads only one page of `/proc/cpuinfo`, since the kernel takes long to produce the rest if there are many CPUs.
private func cpuModel() -> String? {
    let descriptor = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    for line in bytes.prefix(max(0, count)).split(separator: UInt8(ascii: "\n")) {
        let sides = FileName.text(of: line).split(separator: ":", maxSplits: 1)
        guard sides.count == 2, sides[0].hasPrefix("model name") else { continue }
        return sides[1].split(separator: " ").joined(separator: " ")
    }
    return nil
}

/// The text of a C character array up to its first NUL.
private func text<Characters>(of characters: Characters) -> String {
    withUnsafeBytes(of: characters) { FileName.text(of: $0.prefix { $0 != 0 }) }
}
