/// A lock that processes share and that its holder may acquire again.
///
/// Others get it once it has been released as often as it was acquired. Like `Lock` it belongs to a thread and survives
/// its holder, see there; the count of acquisitions is lost with the holder.
///
/// The corresponding Python API is `multiprocessing.RLock`.
public final class RLock: OwnedLock, Codable, @unchecked Sendable {
    override init(core: LockCore) {
        super.init(core: core)
    }

    /// Makes an unlocked lock.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public init() throws(MultiprocessingError) {
        super.init(
            core: try LockCore(makingIn: SharedMapping.making(.rLock, byteCount: LockCore.byteCount), isRecursive: true)
        )
    }

    /// Takes the lock from the message being received.
    public init(from decoder: any Decoder) throws {
        let mapping = try SharedMapping.received(
            SharedObject.recursiveLocks, byteCount: LockCore.byteCount, from: decoder)
        super.init(core: LockCore(in: mapping, isRecursive: true))
    }

    /// Attaches the lock to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        try core.mapping.encode(to: encoder)
    }
}
