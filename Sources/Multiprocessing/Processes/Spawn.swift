import CMultiprocessing
import Glibc
import SystemPackage

/// Starts the program's own executable as a child that follows an order instead of running `main`.
///
///     parent                                          child
///     posix_spawn("/proc/self/exe")  ───────────────> libraries and types are loaded
///     ProcessOrder, over a socket    ───────────────> CMultiprocessing's constructor sees the variable in the
///                                                     environment and calls `mp_spawned_main`
///     waits for the answer           <─────────────── decodes the entry, answers, runs it, exits
///
/// This is safe however many threads the parent has, because it uses none of the parent's memory. The child never
/// reaches `main`, so a program needs no code to support it; variables at the top level of a `main.swift` are not set
/// there (`ScriptVariables`).
enum Spawn {
    /// Starts a child with this entry; returns when it is about to run it.
    ///
    /// Throws the child's answer if it cannot decode the entry.
    static func start(
        _ entry: some ProcessEntry, _ identity: ProcessIdentity, _ standardInput: StandardInput = .null
    ) throws(MultiprocessingError) -> ProcessHandle {
        let (mine, its) = try makeSocketPair()
        let connection = Connection(owning: mine, readable: true, writable: true)
        var child: ProcessHandle
        do {
            defer { _ = close(its) }
            child = try ProcessHandle(pid: try launch(passing: its))
        }
        do throws(MultiprocessingError) {
            child.lifeline = try ProcessOrder.sending(entry, identity, standardInput) {
                order throws(MultiprocessingError) in
                try connection.send(order)
            }
            if let refusal = try connection.receive(String?.self) {
                throw MultiprocessingError(.decodingFailed, "cannot start \(identity.name): \(refusal)")
            }
            return child
        } catch {
            let status = child.end()
            guard error.code == .endOfFile || error.code == .brokenPipe else { throw error }
            throw MultiprocessingError(
                .systemCallFailed, "\(identity.name) ended before it started", pid: child.pid, status: status)
        }
    }

    /// Starts the executable with the socket and with the variable that tells it to read from that socket.
    private static func launch(passing socket: Int32) throws(MultiprocessingError) -> Int32 {
        let variable = "\(MP_SPAWN_VARIABLE)=\(getpid())"
        var arguments = cStrings([CommandLine.arguments.first ?? "spawned"])
        var variables = cStrings(environment() + [variable])
        defer { (arguments + variables).forEach { free($0) } }
        var pid: pid_t = 0
        mp_keep_child_statuses()
        let result = mp_spawn_passing(&pid, socket, &arguments, &variables)
        guard result == 0 else {
            throw MultiprocessingError.systemCall("posix_spawn", Errno(rawValue: result))
        }
        return pid
    }

    private static func environment() -> [String] {
        var variables: [String] = []
        var next = environ
        while let text = next.pointee {
            variables.append(String(cString: text))
            next += 1
        }
        return variables
    }

    /// Arguments for `exec`; the caller frees each.
    private static func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        strings.map { strdup($0) } + [nil]
    }

    /// Runs a spawned child, in place of `main`.
    fileprivate static func serve(parent: Int32) -> Never {
        unsetenv(MP_SPAWN_VARIABLE)
        Fork.beginExitHandlers()
        // The parent has ended, so no order will come.
        guard getppid() == parent else { _exit(EXIT_FAILURE) }
        let socket: Int32 = MP_SPAWN_SOCKET
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        let connection = Connection(owning: socket, readable: true, writable: true)
        let order: ProcessOrder
        do {
            order = try connection.receive(ProcessOrder.self)
        } catch {
            _exit(EXIT_FAILURE)
        }
        order.follow { refusal in
            // A parent that does not read it has ended.
            try? connection.send(refusal)
            connection.close()
        }
    }
}

/// Called before `main` if the variable is set; returns if its value was not set by this library.
@_cdecl("mp_spawned_main")
func spawnedMain() {
    guard let value = getenv(MP_SPAWN_VARIABLE), let parent = Int32(String(cString: value)),
        fcntl(MP_SPAWN_SOCKET, F_GETFD) >= 0
    else { return }
    Spawn.serve(parent: parent)
}
