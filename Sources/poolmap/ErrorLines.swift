import Glibc
import Ground

/// False with `-qq`: then the exit code alone tells about errors.
nonisolated(unsafe) var saysErrors = true

/// Some input failed, and its message has been printed.
struct RunFailed: Error {
    let first: PoolmapError
}

/// Whether errors are printed as JSON; known before the arguments are parsed, since parsing may fail, too.
let saysJSON = CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")

/// Prints one line on standard error: text with the program's name, or a JSON object with `--json`.
///
/// Control characters in names are escaped.
func complain(_ error: PoolmapError, about file: String? = nil, kind: String = "error") {
    guard saysErrors else { return }
    complain(kind: kind, code: error.code.rawValue, "\(error)", about: file, errno: error.errno)
}

/// Prints a usage error.
func complain(usage message: String) {
    complain(kind: "error", code: "usage", message, about: nil, errno: nil)
}

private func complain(kind: String, code: String, _ message: String, about file: String?, errno: Int32?) {
    guard saysJSON else {
        let place = file.map { $0.isEmpty ? "'': " : "\($0): " } ?? ""
        return writeError("poolmap: \(FileName.printable("\(place)\(message)"))\n")
    }
    let members: [(String, JSONText)] = [
        (kind, .string(code)), ("file", file.map { .string($0) } ?? .null), ("message", .string(message)),
        ("errno", .number(orNull: errno.map { UInt64($0) })),
    ]
    writeError(JSONText.object(members).text + "\n")
}

func writeError(_ text: String) {
    writeError(Array(text.utf8))
}

func writeError(_ text: [UInt8]) {
    text.withUnsafeBufferPointer { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeBufferPointer(rebasing: rest)
            let count = write(STDERR_FILENO, part.baseAddress, part.count)
            if count < 0 && errno == EAGAIN {
                waitUntilWritable(STDERR_FILENO)
            } else if count < 0 && errno != EINTR {
                return
            }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}

/// Waits until a non-blocking pipe has room, or its reader is gone.
private func waitUntilWritable(_ descriptor: Int32) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    poll(&entry, 1, -1)
}
