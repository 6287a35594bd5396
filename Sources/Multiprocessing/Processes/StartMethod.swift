/// How a child process comes to be.
///
/// | | what the child has | who may start it |
/// |---|---|---|
/// | `fork` | a copy of all memory, as it is at `start()` | a process with one thread |
/// | `spawn` | the same program from its beginning, without its `main`, and the target that it was sent | any |
/// | `forkserver` | a copy of a server process that was spawned at first use | any; faster than `spawn` from the second |
///
/// In the last two the target is a value whose type has a name: its stored properties are sent to the child.
///
/// The corresponding Python API is `multiprocessing.get_context`, with the same names.
public enum StartMethod: String, Hashable, Sendable, CaseIterable, Codable {
    /// Copies the calling process. The C function is `fork`.
    case fork
    /// Runs the program's own executable anew. The C function is `posix_spawn`.
    case spawn
    /// Asks a process that has one thread and was spawned for this purpose to fork.
    ///
    /// Its children have the environment and the working folder that it was started with, as in Python.
    case forkserver

    /// `fork` where the calling process has one thread at this moment, `spawn` where it has more.
    ///
    /// What runs must be fit for both. `Process.startMethod` tells which it was. In Python a program chooses once, by
    /// `multiprocessing.set_start_method`.
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
/// To be spawned it must be `Codable`, and its type must be one that the program can find by its name: not `private`
/// and not inside a function. What it uses must not be set at the top level of `main.swift`, which a spawned child does
/// not run. Queues, locks, connections, arenas and other shared objects may be among the properties.
///
/// The corresponding Python API is a subclass of `multiprocessing.Process` with a `run` method.
public protocol ProcessTarget {
    /// The child's work.
    ///
    /// A thrown error is printed on standard error, and the child exits with code 1.
    func run() throws
}
