import ArgumentParser
import Glibc

/// A subcommand, chosen by its word or by an option such as zstd's -d.
package enum CommandWord: String, CaseIterable {
    case compress, decompress, test, list, cat, hash, map, join, report, help

    /// Whether it is one of zstd's modes, each of which accepts all of zstd's options.
    package var isZstds: Bool { [.compress, .decompress, .test, .list].contains(self) }

    /// The subcommands that zstd has no option for.
    static let own: [CommandWord] = [.hash, .cat, .map, .join, .report]

    /// The option with the same meaning, which cannot be a file name.
    ///
    /// Not `--report`, which is an option with a value and may be the first argument.
    var option: String { self == .report ? "--report-page" : "--\(rawValue)" }

    /// Throws if the word, as the first argument, could also be a file name, as in `poolmap *`.
    ///
    /// A folder is not an input without `-r`, so its name is taken as the word; the result is the warning about that.
    func requireNoFile(recursive: Bool) throws -> String? {
        var status = stat()
        guard lstat(rawValue, &status) == 0, !isOutput(status) else { return nil }
        let isFolder = stat(rawValue, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        let choice = "type ./\(rawValue) for the \(isFolder ? "directory" : "file"), or \(option) for the command"
        guard isFolder, !recursive else {
            throw ValidationError("\(rawValue) is a command and also a file here: \(choice)")
        }
        return "\(rawValue) is taken as the command, but is also a directory here: \(choice)"
    }

    /// Whether it is the file that this process's output goes to: in `poolmap hash FILE > hash` the shell creates it
    /// first.
    private func isOutput(_ file: stat) -> Bool {
        [STDOUT_FILENO, STDERR_FILENO].contains { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_dev == file.st_dev && status.st_ino == file.st_ino
        }
    }
}
