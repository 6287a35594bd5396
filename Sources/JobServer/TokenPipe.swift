import Glibc
import Ground
import SystemPackage

/// Where make keeps its tokens: a byte in a pipe for each job that may run besides the one that each recipe may always
/// run.
enum TokenPipe: Equatable {
    /// The two ends of a pipe, which this process has inherited.
    case inherited(reader: Int32, writer: Int32)
    /// A named pipe.
    case fifo(String)

    /// Opens both ends again, in non-blocking mode.
    ///
    /// Never with `dup`: make's children share make's open file and its non-blocking flag. Throws, with advice, if
    /// there is no pipe, or if it is not the same as before.
    ///
    /// Does not block. The C function is `open`.
    ///
    /// - Parameter known: the status of the pipe when it was opened before; nil for the first time.
    func open(as known: FileStatus?) throws(JobServerError) -> TokenPipeEnds {
        let ends = try open()
        guard known?.isSameFile(as: ends.status) ?? true else {
            ends.close()
            throw JobServerError("make's job server is gone; another pipe has taken its place")
        }
        return ends
    }

    private func open() throws(JobServerError) -> TokenPipeEnds {
        switch self {
        case .fifo(let path):
            // The writing end first: that fails if there is no reader, for example because this make ended long ago.
            let writer = try TokenPipe.open(path, O_WRONLY)
            return try TokenPipeEnds(reader: TokenPipe.openReader(path, beside: writer), writer: writer)
        case .inherited(let reader, let writer):
            try TokenPipe.requirePipe(reader, writer)
            let ownWriter = try TokenPipe.open("/proc/self/fd/\(writer)", O_WRONLY)
            let ownReader = try TokenPipe.openReader("/proc/self/fd/\(reader)", beside: ownWriter)
            return try TokenPipeEnds(reader: ownReader, writer: ownWriter)
        }
    }

    /// Throws unless the two are the ends of one pipe.
    ///
    /// make closes them for a recipe that it does not regard as a sub-make; then the shell, or a later program, may
    /// have opened other files with their numbers.
    private static func requirePipe(_ reader: Int32, _ writer: Int32) throws(JobServerError) {
        guard let one = try? FileStatus(of: FileDescriptor(rawValue: reader)),
            let other = try? FileStatus(of: FileDescriptor(rawValue: writer)),
            one.isPipe, other.isPipe, one.isSameFile(as: other),
            [O_RDONLY, O_RDWR].contains(accessMode(reader)), [O_WRONLY, O_RDWR].contains(accessMode(writer))
        else {
            throw JobServerError(notPassedOn)
        }
    }

    private static func accessMode(_ descriptor: Int32) -> Int32 {
        let flags = fcntl(descriptor, F_GETFL)
        return flags < 0 ? flags : flags & O_ACCMODE
    }

    private static func openReader(
        _ path: String, beside writer: FileDescriptor
    ) throws(JobServerError) -> FileDescriptor {
        do {
            return try open(path, O_RDONLY)
        } catch {
            try? writer.close()
            throw error
        }
    }

    private static func open(_ path: String, _ mode: Int32) throws(JobServerError) -> FileDescriptor {
        try attempt("cannot open make's job server: \(path)") { () throws(Errno) in
            try openFile(path, mode | O_NONBLOCK | O_NOCTTY)
        }
    }

    /// What to do if make has a job server that is not for this process.
    static let notPassedOn = "make passes its job server only to recipe lines that begin with +"
}

/// Both ends of make's pipe, opened for this process only, until `close`.
struct TokenPipeEnds {
    let reader: FileDescriptor
    let writer: FileDescriptor
    let status: FileStatus

    /// Takes ownership of both descriptors, even if it throws because they do not belong to one pipe.
    fileprivate init(reader: FileDescriptor, writer: FileDescriptor) throws(JobServerError) {
        (self.reader, self.writer) = (reader, writer)
        guard let status = try? FileStatus(of: reader), let other = try? FileStatus(of: writer),
            status.isPipe, status.isSameFile(as: other)
        else {
            try? reader.close()
            try? writer.close()
            throw JobServerError("make's job server is not a pipe")
        }
        self.status = status
    }

    /// Takes up to `count` tokens, as many as there are now; nil if the pipe cannot be read.
    ///
    /// Does not block.
    func take(upTo count: Int) -> [UInt8]? {
        var tokens = [UInt8](repeating: 0, count: count)
        do throws(Errno) {
            let taken = try retryingInterrupted { read(reader.rawValue, &tokens, count) }
            return Array(tokens.prefix(taken))
        } catch {
            // Another process was faster, which is not a failure.
            return error == .wouldBlock ? [] : nil
        }
    }

    /// Gives tokens back, each as the same byte.
    ///
    /// Blocks only if the pipe is full, which it cannot be with bytes that came out of it.
    func giveBack(_ tokens: some Sequence<UInt8>) {
        for token in tokens {
            var byte = token
            while write(writer.rawValue, &byte, 1) < 0, errno == EAGAIN || errno == EINTR {
                var entry = pollfd(fd: writer.rawValue, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, -1)
            }
        }
    }

    func close() {
        try? reader.close()
        try? writer.close()
    }
}
