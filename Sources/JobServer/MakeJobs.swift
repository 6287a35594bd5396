import Glibc
import Ground

/// What make, where one has started this process, says of parallel jobs.
public enum MakeJobs {
    /// Nothing: the number of jobs is this process's own affair.
    case none
    /// One job at a time: make itself runs only one, or has a job server that this process cannot use, for the reason
    /// that is given.
    case one(reason: String?)
    /// One job, and more with tokens from make's job server.
    case server(JobServer)

    /// What the environment variable `MAKEFLAGS` says, as make itself would take it.
    ///
    /// To be called before this process opens a file: the variable names descriptors, which make may have closed, and
    /// nothing may have come to stand in their places. Does not block, and leaves nothing open.
    public static func fromEnvironment() -> MakeJobs {
        guard let value = getenv("MAKEFLAGS") else { return .none }
        let bytes = UnsafeBufferPointer(start: value, count: strlen(value)).map(UInt8.init(bitPattern:))
        return MakeJobs(MakeFlags(FileName.text(of: bytes)))
    }

    init(_ flags: MakeFlags) {
        switch flags.server {
        case nil: self = flags.jobs == 1 ? .one(reason: nil) : .none
        // make too runs one job at a time here.
        case .disabled: self = .one(reason: TokenPipe.notPassedOn)
        case .unknown(let form): self = .one(reason: "make's job server has an unknown form: \(form)")
        case .pipe(let reader, let writer): self.init(.inherited(reader: reader, writer: writer))
        case .fifo(let path): self.init(.fifo(path))
        }
    }

    private init(_ pipe: TokenPipe) {
        do throws(JobServerError) {
            self = .server(try JobServer(pipe))
        } catch {
            self = .one(reason: "\(error)")
        }
    }
}
