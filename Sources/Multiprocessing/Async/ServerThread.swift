import Glibc
import SystemPackage

/// A thread that carries out requests of a program's tasks.
///
///     a task                  the thread
///     post(…)  ──mailbox──>   waits for its wakeup pipe and its own descriptors
///     suspended               handle(…)
///     resumed  <───────────   answers
///
/// It starts with the first post. The mailbox has a lock, which is only held for moments, and a pipe through which the
/// first post in an empty mailbox wakes the thread.
package final class ServerThread<Post: Sendable>: Sendable {
    private struct Mailbox {
        var posts: [Post] = []
        var lastKey: UInt64 = 0
        /// The thread's function; nil once it has started.
        var body: ((ServerThread) -> Void)?
        var hasEnded = false
        let bell: Connection
    }

    private let mailbox: Guarded<Mailbox>
    /// Readable when there are posts; only the thread uses it.
    nonisolated(unsafe) private let wakeup: Connection

    /// - Parameter body: calls `serve`; only the thread uses what it captures.
    package init(_ body: @escaping (ServerThread) -> Void) throws(MultiprocessingError) {
        let pipe = try Pipe(duplex: false)
        wakeup = pipe.first
        mailbox = Guarded(Mailbox(body: body, bell: pipe.second))
    }

    /// Returns a new number each time, as a key for posts that belong together.
    package func freshKey() -> UInt64 {
        mailbox.withLock { mailbox in
            mailbox.lastKey += 1
            return mailbox.lastKey
        }
    }

    /// Sends a request to the thread, and starts the thread if necessary.
    ///
    /// Does not block.
    ///
    /// - Parameter begins: whether the post may start the thread; if not, it is dropped when it would be the first.
    ///
    /// Throws `cancelled` if the thread has ended, and `systemCallFailed` if it cannot be started.
    package func post(_ post: Post, begins: Bool = true) throws(MultiprocessingError) {
        try mailbox.withLock { (mailbox) throws(MultiprocessingError) in
            if mailbox.hasEnded { throw MultiprocessingError.poolTerminated }
            if let body = mailbox.body {
                guard begins else { return }
                try begin(body)
                mailbox.body = nil
            }
            mailbox.posts.append(post)
            // Only the first post wakes it. The pipe holds nothing else, so it has room.
            if mailbox.posts.count == 1 {
                try? mailbox.bell.send(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
    }

    // MARK: The thread

    private func begin(_ body: @escaping (ServerThread) -> Void) throws(MultiprocessingError) {
        // The thread keeps the mailbox alive while it runs.
        let run = Unmanaged.passRetained(ThreadBody { [self] in body(self) })
        // Signals of the program go to the program's threads, except those that a thread causes itself.
        var (others, old) = (sigset_t(), sigset_t())
        sigfillset(&others)
        for number in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&others, number) }
        pthread_sigmask(SIG_SETMASK, &others, &old)
        defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let number = pthread_create(
            &thread, &attributes,
            { argument in
                if let argument { Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            }, run.toOpaque())
        guard number != 0 else { return }
        run.release()
        throw MultiprocessingError.systemCall("pthread_create", Errno(rawValue: number))
    }

    /// Runs the thread: serves requests until the service has stopped.
    package func serve(_ service: some ThreadService<Post>) {
        while !service.isStopped {
            service.work()
            for post in service.wait(for: wakeup) ? takePosts() : [] { service.handle(post) }
        }
        service.end()
        // Posts that arrived meanwhile: after these, no more are accepted.
        while case let posts = takeLastPosts(), !posts.isEmpty {
            for post in posts { service.handle(post) }
            service.end()
        }
    }

    /// Takes the posts since the last call; does not block.
    private func takePosts() -> [Post] {
        mailbox.withLock { mailbox in
            // One message stands for all of them.
            _ = try? wakeup.receiveBytes()
            defer { mailbox.posts = [] }
            return mailbox.posts
        }
    }

    /// Takes the posts that arrived before the thread ends; if there are none, no more are accepted.
    private func takeLastPosts() -> [Post] {
        mailbox.withLock { mailbox in
            mailbox.hasEnded = mailbox.posts.isEmpty
            defer { mailbox.posts = [] }
            return mailbox.posts
        }
    }
}

/// What a `ServerThread` does for its requests.
package protocol ThreadService<Post> {
    associatedtype Post

    /// Whether the end was asked for.
    var isStopped: Bool { get }
    /// Does everything that can be done without waiting.
    func work()
    /// Waits until there is something to do; returns whether `wakeup` is readable.
    func wait(for wakeup: Connection) -> Bool
    func handle(_ post: Post)
    /// Ends everything, and reports that to those who asked for it.
    func end()
}

extension MultiprocessingError {
    /// The error of calls to a pool whose thread has ended.
    static var poolTerminated: MultiprocessingError { MultiprocessingError(.cancelled, "the pool was terminated") }
}

/// A thread's function, as an object that can be passed to C.
private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}
