import CMultiprocessing
import Glibc
import SystemPackage

/// A file that the tasks of a pool use: each worker is sent its own descriptor of the same open file, once.
///
///     let log = SharedDescriptor(owning: try FileDescriptor.open("log", .readOnly))
///     let pool = try Pool(processes: 4) { (task: Part) in try countLines(of: task.log.fileDescriptor, task.range) }
///     try pool.map(ranges.map { Part(log: log, range: $0) })
///
/// It is `Codable`, but only as part of a pool's inputs. The descriptor is sent over the sockets of the pool, once to
/// each worker that gets a task with it; so a worker needs neither the file's name nor permission to open it. The
/// processes share the file's offset and flags, as after `dup`: read with `pread`. They close their copies when this
/// object is released and all tasks that use it are done. Forked processes do not inherit it.
///
/// If a task is encoded in a custom byte layout, put the `key` into it and pass the object to `Pool.submit` separately.
///
/// In Python it would be `multiprocessing.reduction.DupFd`, which is sent with every message.
public final class SharedDescriptor: Codable {
    /// The open file with its key.
    let handed: HandedDescriptor
    /// Called with the key when the object is released.
    private var farewells: [(UInt64) -> Void] = []

    /// Takes ownership of a descriptor, which is closed with the object; no child of this process keeps it.
    public init(owning descriptor: FileDescriptor) {
        handed = HandedDescriptor(owning: descriptor.rawValue, key: HandedDescriptor.freshKey())
    }

    deinit {
        for farewell in farewells {
            farewell(handed.key)
        }
    }

    /// The descriptor in this process.
    ///
    /// It is open as long as this object lives.
    public var fileDescriptor: FileDescriptor {
        FileDescriptor(rawValue: handed.number)
    }

    /// Identifies it in all processes of a pool.
    public var key: UInt64 {
        handed.key
    }

    /// Finds the descriptor that this worker was sent under a key.
    ///
    /// Throws `invalidState` if this process has none with that key, for example because it had too many open files.
    public init(key: UInt64) throws(MultiprocessingError) {
        handed = try HandedDescriptor.handed(under: key)
    }

    /// Adds a function that is called when no task can use the descriptor any more.
    func whenGone(_ farewell: @escaping (UInt64) -> Void) {
        farewells.append(farewell)
    }

    /// Finds the descriptor that this worker was sent.
    public init(from decoder: any Decoder) throws {
        handed = try HandedDescriptor.handed(under: decoder.singleValueContainer().decode(UInt64.self))
    }

    /// Sends the descriptor to the worker that will run the task being encoded.
    public func encode(to encoder: any Encoder) throws {
        try TaskDescriptors.add(self)
        var container = encoder.singleValueContainer()
        try container.encode(handed.key)
    }
}

/// The shared descriptors of the task that a thread is encoding.
final class TaskDescriptors {
    private(set) var all: [SharedDescriptor] = []

    /// Runs `body`, which encodes a task's input, and returns the descriptors that it uses together with the known
    /// ones.
    func collecting(
        _ known: [SharedDescriptor], _ body: () throws -> Void
    ) throws -> [SharedDescriptor] {
        let thread = mp_transfer_of_thread()
        let outer = thread.pointee.task
        thread.pointee.task = Unmanaged.passUnretained(self).toOpaque()
        defer {
            thread.pointee.task = outer
            if !all.isEmpty {
                all = []
            }
        }
        for descriptor in known {
            try add(descriptor)
        }
        try body()
        return all
    }

    fileprivate static func add(_ descriptor: SharedDescriptor) throws(MultiprocessingError) {
        guard let task = mp_transfer_of_thread().pointee.task else {
            throw MultiprocessingError(
                .encodingFailed,
                "a SharedDescriptor can only be part of a pool's input; elsewhere send a DuplicatedDescriptor")
        }
        try Unmanaged<TaskDescriptors>.fromOpaque(task).takeUnretainedValue().add(descriptor)
    }

    private func add(_ descriptor: SharedDescriptor) throws(MultiprocessingError) {
        guard !all.contains(where: { $0.key == descriptor.key }) else { return }
        guard all.count < TaskDescriptors.most else {
            throw MultiprocessingError(
                .encodingFailed, "a task can use at most \(TaskDescriptors.most) shared descriptors")
        }
        all.append(descriptor)
    }

    private static let most = 1024
}
