import Glibc
import SystemPackage

/// A file descriptor as part of a message: the receiver gets its own descriptor of the same open file.
///
///     try connection.send(["log": DuplicatedDescriptor(logFile)])
///
/// The two share the file's offset and flags, as after `dup`. It can be sent over a `Connection` and with the arguments
/// of a process that is being started; encoding it in any other way is an error. The corresponding Python API is
/// `multiprocessing.reduction.DupFd`.
public struct DuplicatedDescriptor: Codable {
    /// The descriptor: in the sender the one that it passed in; in the receiver a new one, close-on-exec, which it must
    /// close.
    public let fileDescriptor: FileDescriptor

    /// Wraps a descriptor to send; the caller still owns it, and must keep it open until it is sent.
    public init(_ fileDescriptor: FileDescriptor) {
        self.fileDescriptor = fileDescriptor
    }

    /// Takes the descriptor from the message being received.
    public init(from decoder: any Decoder) throws {
        let position = try decoder.singleValueContainer().decode(Int.self)
        fileDescriptor = FileDescriptor(rawValue: try DescriptorTransfer.take(position).release())
    }

    /// Attaches the descriptor to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(try DescriptorTransfer.attach(fileDescriptor.rawValue, of: "a descriptor"))
    }
}

extension Connection {
    /// Sends a copy of a file descriptor; the caller keeps its own.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws as for other values. The corresponding Python API is `multiprocessing.reduction.send_handle`.
    public func send(_ descriptor: FileDescriptor) throws(MultiprocessingError) {
        try send(DuplicatedDescriptor(descriptor))
    }

    /// Receives a file descriptor, which the caller then owns; it is close-on-exec.
    ///
    /// Blocks until it arrives.
    ///
    /// Throws as for other values. The corresponding Python API is `multiprocessing.reduction.recv_handle`.
    public func receive(_ type: FileDescriptor.Type) throws(MultiprocessingError) -> FileDescriptor {
        try receive(DuplicatedDescriptor.self).fileDescriptor
    }
}

extension Connection: Codable {
    /// Attaches this end to the message being sent; the receiver gets its own copy of the end.
    ///
    /// Throws if the connection is closed, or if it has read ahead data that the receiver would miss.
    public func encode(to encoder: any Encoder) throws {
        guard let number = fileDescriptor?.rawValue else {
            throw MultiprocessingError(.invalidState, "a closed connection cannot be sent")
        }
        guard !hasBufferedInput else {
            throw MultiprocessingError(.invalidState, "a connection with unread messages in its buffer cannot be sent")
        }
        var container = encoder.unkeyedContainer()
        try container.encode(try DescriptorTransfer.attach(number, of: "a Connection"))
        try container.encode(readable)
        try container.encode(writable)
    }

    /// Takes the end from the message being received.
    public convenience init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        let position = try container.decode(Int.self)
        let (readable, writable) = (try container.decode(Bool.self), try container.decode(Bool.self))
        self.init(owning: try DescriptorTransfer.take(position).release(), readable: readable, writable: writable)
    }
}
