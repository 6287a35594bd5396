import Ground
import SystemPackage

/// The names in a file: one per line, or separated by NUL bytes.
final class NameList {
    enum Step {
        case name(ArraySlice<UInt8>)
        case refused(PoolmapError)
        case waitForInput(FileDescriptor)
        case end
    }

    /// The list's name, for messages.
    package let name: String
    private let lines: LineReader
    private let isNullSeparated: Bool
    private var isAtEnd = false
    /// The next step, if it was read already.
    private var read: Step?

    /// Longer than any path can be.
    private static let mostNameBytes = 1 << 16

    init(_ path: String, isNullSeparated: Bool) throws(PoolmapError) {
        let input = path == "-" ? try InputFile.standardInput() : try InputFile.open(path: path)
        name = input.name
        self.isNullSeparated = isNullSeparated
        lines = LineReader(
            input, separator: isNullSeparated ? 0 : UInt8(ascii: "\n"), mostLineBytes: NameList.mostNameBytes)
    }

    /// Takes the next names, up to a step that is not a name; does not block.
    func takeNames(into bundle: inout NameBundle, atMost most: Int) {
        while read == nil, bundle.count < most {
            let step = next()
            if case .name(let name) = step {
                name.withUnsafeBytes { bundle.append($0) }
            } else {
                read = step
            }
        }
    }

    /// The next name; does not block.
    func next() -> Step {
        if let step = read.take() { return step }
        do throws(PoolmapError) {
            while !isAtEnd {
                switch try lines.next() {
                case .line(let line):
                    if let step = step(line) { return step }
                case .tooLong:
                    throw PoolmapError(
                        .failed, "has a name of more than \(NameList.mostNameBytes) bytes; is it a list of names?")
                case .waitForInput(let descriptor): return .waitForInput(descriptor)
                case .end: isAtEnd = true
                }
            }
            return .end
        } catch {
            isAtEnd = true
            return .refused(error)
        }
    }

    /// nil for an empty line.
    private func step(_ name: ArraySlice<UInt8>) -> Step? {
        if name.isEmpty {
            return isNullSeparated ? .refused(PoolmapError(.failed, "has an empty name")) : nil
        }
        guard isNullSeparated || !name.contains(0) else {
            return .refused(PoolmapError(.failed, "has a NUL byte in a name; use -0 if NULs separate the names"))
        }
        return .name(name)
    }
}
