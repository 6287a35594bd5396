/// How a child process is started.
///
/// | | what the child has | which processes may use it |
/// |---|---|---|
/// | `fork` | a copy of all memory, as it is at `start()` | those with one thread |
/// | `spawn` | the same program started again, without its `main`, and the target that it was sent | any |
/// | `forkserver` | a copy of a server process that was spawned at first use | any; faster than `spawn` from the second child on |
///
/// With the last two, the target is a value whose type has a name; its stored properties are sent to the child.
///
/// The corresponding Python API is `multiprocessing.get_context`, with the same names.
public enum StartMethod: String, Hashable, Sendable, CaseIterable, Codable {
    /// Copies the calling process. The C function is `fork`.
    case fork
    /// Runs the program's own executable again. The C function is `posix_spawn`.
    case spawn
    /// Asks a server process, which has one thread and was spawned for this purpose, to fork.
    ///
    /// Children have the environment and the working directory that the server was started with, as in Python.
    case forkserver

    /// `fork` if the calling process has one thread at this moment, `spawn` if it has more.
    ///
    /// The target must work with both. `Process.startMethod` says which was chosen. In Python a program chooses once,
    /// with `multiprocessing.set_start_method`.
    public static var automatic: StartMethod { Fork.isSafe ? .fork : .spawn }
}

/// What a process runs, as a type: its properties are the arguments.
///
///     struct Greeter: ProcessTarget, Codable {
///         let name: String
///         func run() throws { print("hello", name) }
///     }
///     let child = Process(startMethod: .spawn, Greeter(name: "Ada"))
///
/// To be spawned it must be `Codable`, and the program must be able to find its type by name: it must not be `private`,
/// nor be declared inside a function. It must not use variables set at the top level of `main.swift`, which a spawned
/// child does not run. Queues, locks, connections, arenas and other shared objects may be among the properties.
///
/// The corresponding Python API is a subclass of `multiprocessing.Process` with a `run` method.
public protocol ProcessTarget {
    /// The work of the child.
    ///
    /// A thrown error is printed on standard error, and the child exits with code 1.
    func run() throws
}
