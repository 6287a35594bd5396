import SystemPackage

/// Why make's job server cannot be used, as one line that tells the user what to do.
struct JobServerError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Runs system calls; the error says what they were for.
func attempt<Result>(
    _ action: String, _ body: () throws(Errno) -> Result
) throws(JobServerError) -> Result {
    do {
        return try body()
    } catch {
        throw JobServerError("\(action): \(error)")
    }
}
