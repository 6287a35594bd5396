import CMultiprocessing
import Glibc
import SystemPackage

/// The registered types of a `Manager` whose server is not forked from this process.
///
///     struct Accounts: ManagerTypes, Codable {
///         var types: [any ManagedType] { [account] }
///     }
///     let manager = try Manager(startMethod: .spawn, registering: Accounts())
///
/// The value is sent to the server, which asks it for the types. As for a `ProcessTarget`, the program must be able to
/// find its type by name: it must not be `private`, nor be declared inside a function.
public protocol ManagerTypes {
    /// The types to register; read in the server.
    var types: [any ManagedType] { get }

    /// Runs in the server before it serves requests.
    ///
    /// If it throws, the `Manager` is not made: `initializerFailed`. The default does nothing. The corresponding Python
    /// API is the initializer of `multiprocessing.managers.BaseManager.start`.
    func prepare() throws
}

extension ManagerTypes {
    /// Does nothing.
    public func prepare() {}
}

/// Registers no types beyond those of the library.
public struct LibraryTypes: ManagerTypes, Codable {
    /// Makes the only value.
    public init() {}

    /// Empty.
    public var types: [any ManagedType] {
        []
    }
}

extension Manager {
    /// Starts the server by the given method, and waits until it listens.
    ///
    /// - Parameters:
    ///   - startMethod: how the server is started. A process that has threads needs `spawn` or `forkserver`;
    ///     `automatic` chooses.
    ///   - address: nil stands for a Unix socket in a new directory that only this user may enter.
    ///   - authenticationKey: the key that every connecting process needs; proxies carry it with them.
    ///   - types: is sent to the server, tells it which types' instances it can make, and prepares it.
    ///
    /// Throws as the forking initializer does; also `encodingFailed` and `decodingFailed` if the types cannot be sent.
    /// The corresponding Python API is `multiprocessing.get_context(method).Manager`.
    public convenience init<Types: ManagerTypes & Codable>(
        startMethod: StartMethod, address: Address? = nil, authenticationKey: AuthenticationKey = AuthenticationKey(),
        registering types: Types = LibraryTypes()
    ) throws(MultiprocessingError) {
        let place = address.map { BoundSocket.Place.address($0) } ?? .fresh
        let served = try servedTypes(types.types)
        try self.init(at: place, authenticationKey) { control throws(MultiprocessingError) in
            let entry = ServerEntry(
                place: place, key: authenticationKey.bytes, types: types,
                control: DuplicatedDescriptor(FileDescriptor(rawValue: control)))
            let identity = ProcessIdentity.current.helper(named: "manager", isDaemon: false)
            switch startMethod {
            case .spawn: return try Spawn.start(entry, identity)
            case .forkserver: return try ForkServer.start(entry, identity)
            case .fork:
                return try ManagerServerProcess.fork(
                    at: place, authenticationKey, served, types.prepare, reportingTo: control)
            }
        }
    }

    /// Makes such a `Manager`, passes it to `body`, and ends its server when `body` returns or throws.
    ///
    /// The parameters are those of the `Manager`. The corresponding Python API is
    /// `with multiprocessing.get_context(method).Manager() as manager`.
    public static func with<Types: ManagerTypes & Codable, Result>(
        startMethod: StartMethod, address: Address? = nil, authenticationKey: AuthenticationKey = AuthenticationKey(),
        registering types: Types = LibraryTypes(), _ body: (Manager) throws -> Result
    ) throws -> Result {
        let manager = try Manager(
            startMethod: startMethod, address: address, authenticationKey: authenticationKey, registering: types)
        defer { manager.shutdown() }
        return try body(manager)
    }
}

/// The entry point of a manager server that does not have its creator's memory.
struct ServerEntry<Types: ManagerTypes & Codable>: ProcessEntry {
    let place: BoundSocket.Place
    let key: [UInt8]
    let types: Types
    let control: DuplicatedDescriptor

    func main() -> Never {
        let control = control.fileDescriptor.rawValue
        // Like the death signal of a forked server: it interrupts a method that does not return, and removes the
        // socket's name.
        _ = mp_end_with_peer(control, SIGTERM)
        do {
            ManagerServerProcess.serve(
                at: place, key: try AuthenticationKey(bytes: key), types: try servedTypes(types.types),
                types.prepare, reportingTo: control)
        } catch {
            Fork.leave(saying: "manager: \(error)")
        }
    }
}
