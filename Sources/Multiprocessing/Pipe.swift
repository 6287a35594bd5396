import Glibc

/// Two connected ends, for a parent and its child.
///
///     let pipe = try Pipe()
///     let child = Process { try pipe.second.send(42) }
///     try child.start()
///     let answer = try pipe.first.receive(Int.self)
///
/// Both descriptors are close-on-exec, and each `Connection` owns its own.
///
/// The corresponding Python API is `multiprocessing.Pipe`.
public struct Pipe {
    /// Where the pipe is one-way, the end that receives.
    public let first: Connection
    /// Where the pipe is one-way, the end that sends.
    public let second: Connection

    /// Makes the two ends.
    ///
    /// - Parameter duplex: whether both ends send and receive. With `false`, `first` only receives and `second` only
    ///   sends.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public init(duplex: Bool = true) throws(MultiprocessingError) {
        let (one, other) = try makeSocketPair()
        if !duplex {
            shutdown(one, Int32(SHUT_WR))
            shutdown(other, Int32(SHUT_RD))
        }
        first = Connection(owning: one, readable: true, writable: duplex)
        second = Connection(owning: other, readable: duplex, writable: true)
    }
}

/// `Pipe`, in a file that imports Foundation too, which has another one.
///
/// The corresponding Python API is `multiprocessing.Pipe`.
public typealias MessagePipe = Pipe
