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
/// In Python it would be `multiprocessing.reduction.DupFd`, which is sent with every message.
public final class SharedDescriptor: Codable {
    /// Known in all processes of a pool.
    let handed: HandedDescriptor
    /// Whose managers have it.
    private var holders: [Holder] = []

    private struct Holder {
        weak var link: PoolLink?
    }

    /// Takes over a descriptor, which is closed when the object goes; no child of this process keeps it.
    public init(owning descriptor: FileDescriptor) {
        handed = HandedDescriptor(owning: descriptor.rawValue, key: HandedDescriptor.freshKey())
    }

    deinit {
        for holder in holders {
            holder.link?.release(handed.key)
        }
    }

    /// The descriptor in this process.
    ///
    /// It is open as long as this object lives.
    public var fileDescriptor: FileDescriptor {
        FileDescriptor(rawValue: handed.number)
    }

    func addHolder(_ link: PoolLink) {
        holders.append(Holder(link: link))
    }

    /// Finds the descriptor that this worker was handed.
    public init(from decoder: any Decoder) throws {
        let key = try decoder.singleValueContainer().decode(UInt64.self)
        guard let handed = HandedDescriptor.known(key) else {
            throw MultiprocessingError(
                .decodingFailed, "this process has no descriptor \(key): it may have too many files open")
        }
        self.handed = handed
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

    /// Runs `body`, which encodes a task's input, and returns what it uses.
    func collecting(_ body: () throws -> Void) rethrows -> [SharedDescriptor] {
        let thread = mp_transfer_of_thread()
        let outer = thread.pointee.task
        thread.pointee.task = Unmanaged.passUnretained(self).toOpaque()
        defer {
            thread.pointee.task = outer
            if !all.isEmpty {
                all = []
            }
        }
        try body()
        return all
    }

    fileprivate static func add(_ descriptor: SharedDescriptor) throws(MultiprocessingError) {
        guard let task = mp_transfer_of_thread().pointee.task else {
            throw MultiprocessingError(
                .encodingFailed, "a SharedDescriptor is for the inputs of a pool; send a DuplicatedDescriptor")
        }
        let descriptors = Unmanaged<TaskDescriptors>.fromOpaque(task).takeUnretainedValue()
        guard !descriptors.all.contains(where: { $0.handed.key == descriptor.handed.key }) else { return }
        guard descriptors.all.count < TaskDescriptors.most else {
            throw MultiprocessingError(.encodingFailed, "a task can use \(TaskDescriptors.most) shared descriptors")
        }
        descriptors.all.append(descriptor)
    }

    private static let most = 1024
}
