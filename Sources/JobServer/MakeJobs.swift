import Glibc
import Ground

/// What make says about parallel jobs, if it has started this process.
public enum MakeJobs {
    /// Nothing: this process chooses the number of jobs itself.
    case none
    /// One job at a time: make itself runs only one, or has a job server that this process cannot use, for the given
    /// reason.
    case one(reason: String?)
    /// One job, and more with tokens from make's job server.
    case server(JobServer)

    /// The content of the environment variable `MAKEFLAGS`, interpreted like make does.
    ///
    /// Call it before this process opens a file: the variable names descriptors that make may have closed, and no other
    /// file may have taken their numbers. Does not block, and leaves nothing open.
    public static func fromEnvironment() -> MakeJobs {
        guard let value = getenv("MAKEFLAGS") else { return .none }
        let bytes = UnsafeBufferPointer(start: value, count: strlen(value)).map(UInt8.init(bitPattern:))
        return MakeJobs(MakeFlags(FileName.text(of: bytes)))
    }

    init(_ flags: MakeFlags) {
        switch flags.server {
        case nil: self = flags.jobs == 1 ? .one(reason: nil) : .none
        // make also runs one job at a time in this case.
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
