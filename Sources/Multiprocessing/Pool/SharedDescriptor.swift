import CMultiprocessing
import Glibc
import SystemPackage

/// A file that the tasks of a pool use: each worker is handed a descriptor of its own for the same open file, once.
///
///     let log = SharedDescriptor(owning: try FileDescriptor.open("log", .readOnly))
///     let pool = try Pool(processes: 4) { (task: Part) in try countLines(of: task.log.fileDescriptor, task.range) }
///     try pool.map(ranges.map { Part(log: log, range: $0) })
///
/// It is `Codable`, but only as part of a pool's inputs. The descriptor goes over the sockets of the pool, to those
/// workers that get a task with it, however many tasks they get; so a worker needs neither the file's name nor the
/// right to open it. The processes share the file's offset and flags, as after `dup`: read with `pread`. They close
/// theirs when this object is gone, and all tasks that use it are done. A process that is forked does not have it.
///
/// Where a task is bytes of a layout of its own, these have the `key`, and `Pool.submit` is given the object besides.
///
/// In Python it would be `multiprocessing.reduction.DupFd`, which is sent with every message.
public final class SharedDescriptor: Codable {
    /// The open file under its key.
    let handed: HandedDescriptor
    /// Called with the key when it is gone.
    private var farewells: [(UInt64) -> Void] = []

    /// Takes over a descriptor, which is closed when the object goes; no child of this process keeps it.
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

    /// What names it in all processes of a pool.
    public var key: UInt64 {
        handed.key
    }

    /// Finds the descriptor with a key that this worker was handed.
    ///
    /// Throws `invalidState` where this process has none with that key, as when it had too many files open.
    public init(key: UInt64) throws(MultiprocessingError) {
        handed = try HandedDescriptor.handed(under: key)
    }

    /// Has whoever passed the descriptor on told when no task can use it any more.
    func whenGone(_ farewell: @escaping (UInt64) -> Void) {
        farewells.append(farewell)
    }

    /// Finds the descriptor that this worker was handed.
    public init(from decoder: any Decoder) throws {
        handed = try HandedDescriptor.handed(under: decoder.singleValueContainer().decode(UInt64.self))
    }

    /// Has the descriptor handed to whoever runs the task that is being encoded.
    public func encode(to encoder: any Encoder) throws {
        try TaskDescriptors.add(self)
        var container = encoder.singleValueContainer()
        try container.encode(handed.key)
    }
}

/// The shared descriptors of the task that a thread is encoding.
final class TaskDescriptors {
    private(set) var all: [SharedDescriptor] = []

    /// Runs `body`, which encodes a task's input, and returns what it uses, with those that it is known to use.
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
                .encodingFailed, "a SharedDescriptor is for the inputs of a pool; send a DuplicatedDescriptor")
        }
        try Unmanaged<TaskDescriptors>.fromOpaque(task).takeUnretainedValue().add(descriptor)
    }

    private func add(_ descriptor: SharedDescriptor) throws(MultiprocessingError) {
        guard !all.contains(where: { $0.key == descriptor.key }) else { return }
        guard all.count < TaskDescriptors.most else {
            throw MultiprocessingError(.encodingFailed, "a task can use \(TaskDescriptors.most) shared descriptors")
        }
        all.append(descriptor)
    }

    private static let most = 1024
}
