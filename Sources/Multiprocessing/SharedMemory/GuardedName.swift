import Glibc

/// A name, and the file that it must refer to.
struct GuardedName: Hashable {
    enum Message: UInt8 {
        case register = 1
        case forget = 2
    }

    let path: String
    let identity: FileIdentity

    init(path: String, identity: FileIdentity) {
        (self.path, self.identity) = (path, identity)
    }

    /// The bytes of a message to the guardian about this name.
    func message(_ kind: Message) -> [UInt8] {
        var bytes = [kind.rawValue]
        withUnsafeBytes(of: (identity.device, identity.number)) { bytes += $0 }
        return bytes + Array(path.utf8)
    }

    /// Nil if the bytes are not such a message.
    init?(_ message: UnsafeRawBufferPointer, is kind: Message) {
        guard message.count > 17, message[0] == kind.rawValue else { return nil }
        identity = FileIdentity(
            device: message.loadUnaligned(fromByteOffset: 1, as: UInt64.self),
            number: message.loadUnaligned(fromByteOffset: 9, as: UInt64.self))
        path = String(decoding: message.dropFirst(17), as: UTF8.self)
    }
}
