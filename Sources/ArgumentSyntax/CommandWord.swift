import ArgumentParser
import Glibc

/// What is done to the inputs: a subcommand, by its word or by options of zstd's.
package enum CommandWord: String, CaseIterable {
    case compress, decompress, test, list, cat, hash, map, join, report, help

    /// zstd has them too, and takes all of its options in each.
    package var isZstds: Bool { [.compress, .decompress, .test, .list].contains(self) }

    /// Those that are no word of zstd's, nor an option of its.
    static let own: [CommandWord] = [.hash, .cat, .map, .join, .report]

    /// The option that says the same and can be no file's name.
    ///
    /// `--report` is an option with a value, and may well be the first argument.
    var option: String { self == .report ? "--report-page" : "--\(rawValue)" }

    /// Throws if the word, as the first argument, may as well be a file's name: `poolmap *` types it, too.
    ///
    /// A folder is no input without `-r`, so that its name is taken for the word; returns what is to be said then.
    func requireNoFile(recursive: Bool) throws -> String? {
        var status = stat()
        guard lstat(rawValue, &status) == 0, !isOutput(status) else { return nil }
        let isFolder = stat(rawValue, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        let choice = "type ./\(rawValue) for the \(isFolder ? "folder" : "file"), and \(option) for the command"
        guard isFolder, !recursive else {
            throw ValidationError("\(rawValue) is a command, and here the name of a file as well: \(choice)")
        }
        return "\(rawValue) is taken for the command, and is the name of a folder as well: \(choice)"
    }

    /// Whether it is a file that this command's output goes to: `poolmap hash FILE > hash` has it made before.
    private func isOutput(_ file: stat) -> Bool {
        [STDOUT_FILENO, STDERR_FILENO].contains { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_dev == file.st_dev && status.st_ino == file.st_ino
        }
    }
}
