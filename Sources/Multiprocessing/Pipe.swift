import Glibc

/// Two connected ends of a channel, for a parent and its child.
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
    /// The end that receives, if the pipe is one-way.
    public let first: Connection
    /// The end that sends, if the pipe is one-way.
    public let second: Connection

    /// Makes the two ends.
    ///
    /// - Parameter duplex: whether both ends send and receive. With `false`, `first` only receives and `second` only
    ///   sends.
    ///
    /// Throws `systemCallFailed`, for example when the process has too many open descriptors.
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

/// `Pipe` under a second name, for files that also import Foundation, which has a `Pipe` of its own.
///
/// The corresponding Python API is `multiprocessing.Pipe`.
public typealias MessagePipe = Pipe
