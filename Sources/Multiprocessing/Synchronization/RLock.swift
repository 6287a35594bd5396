/// A lock that processes share and that its holder may acquire again.
///
/// Others get it once it has been released as often as it was acquired. Like `Lock` it belongs to a thread and survives
/// its holder, see there; how often a holder had acquired it dies with the holder.
///
/// The corresponding Python API is `multiprocessing.RLock`.
public final class RLock: OwnedLock, Codable, @unchecked Sendable {
    override init(core: LockCore) {
        super.init(core: core)
    }

    /// Makes a lock that nobody holds.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public init() throws(MultiprocessingError) {
        super.init(
            core: try LockCore(makingIn: SharedMapping.making(.rLock, byteCount: LockCore.byteCount), isRecursive: true)
        )
    }

    /// Takes the lock out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        let mapping = try SharedMapping.received(
            SharedObject.recursiveLocks, byteCount: LockCore.byteCount, from: decoder)
        super.init(core: LockCore(in: mapping, isRecursive: true))
    }

    /// Attaches the lock to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }
}
