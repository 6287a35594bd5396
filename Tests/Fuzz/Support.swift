import CMultiprocessing
import Glibc
import SystemPackage

/// Ends the process with a message if a required condition does not hold; libFuzzer then keeps the input.
func require(_ holds: Bool, _ words: @autoclosure () -> String, line: UInt = #line, file: StaticString = #fileID) {
    if !holds { fatalError("\(file):\(line): \(words())") }
}

/// Files in memory that hold inputs; created once for a process.
enum ScratchFiles {
    private static let file = memory("input")
    private static let secondFile = memory("second input")
    private static let output = memory("output")

    private static func memory(_ name: String) -> Int32 {
        let number = mp_memfd_create(name)
        require(number >= 0, "no memory for a file")
        return number
    }

    /// Redirects standard output, to be read by `standardOutput`.
    static func takeStandardOutput() {
        dup2(output, STDOUT_FILENO)
    }

    /// Takes what was written to standard output.
    static func standardOutput() -> [UInt8] {
        let count = lseek(STDOUT_FILENO, 0, SEEK_CUR)
        var bytes = [UInt8](repeating: 0, count: count)
        require(pread(STDOUT_FILENO, &bytes, count, 0) == count, "standard output cannot be read")
        lseek(STDOUT_FILENO, 0, SEEK_SET)
        ftruncate(STDOUT_FILENO, 0)
        return bytes
    }

    /// A descriptor of a file with these bytes, until the next call.
    static func descriptor(with bytes: UnsafeRawBufferPointer) -> FileDescriptor {
        fill(file, bytes)
        return FileDescriptor(rawValue: file)
    }

    /// The path of a file with these bytes, until the next call.
    static func path(to bytes: UnsafeRawBufferPointer) -> String {
        fill(file, bytes)
        return "/proc/self/fd/\(file)"
    }

    private static func fill(_ number: Int32, _ bytes: UnsafeRawBufferPointer) {
        ftruncate(number, 0)
        require(pwrite(number, bytes.baseAddress, bytes.count, 0) == bytes.count, "a file in memory is full")
    }

    /// Calls `body` with the path of a pipe that holds these bytes and has no writer.
    static func withPipe<Result>(of bytes: UnsafeRawBufferPointer, _ body: (String) throws -> Result) rethrows -> Result
    {
        var ends: [Int32] = [0, 0]
        require(pipe(&ends) == 0, "no pipe")
        defer { close(ends[0]) }
        // A pipe holds 64 KiB, and no target has more.
        require(write(ends[1], bytes.baseAddress, bytes.count) == bytes.count, "a pipe is full")
        close(ends[1])
        return try body("/proc/self/fd/\(ends[0])")
    }
}

/// Takes choices from an input; zeros after its end.
struct Choices {
    private var rest: UnsafeRawBufferPointer.SubSequence

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// All remaining bytes.
    var remainder: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: rest) }

    mutating func byte() -> UInt8 {
        rest.popFirst() ?? 0
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { sum, place in sum | Number(truncatingIfNeeded: byte()) << (8 * place) }
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

extension [UInt8] {
    /// Sets the last four bytes to the CRC-32C of those before, which chance would never hit.
    func withRightCRC32C() -> [UInt8] {
        guard count >= 4 else { return self }
        var bytes = Array(dropLast(4))
        bytes.appendCRC32C()
        return bytes
    }

    /// Sets the length in a skippable frame's header to the number of bytes.
    func withRightLength() -> [UInt8] {
        guard count >= 8 else { return self }
        var bytes = Array(prefix(4))
        bytes.append(littleEndian: UInt32(count - 8))
        return bytes + dropFirst(8)
    }
}
