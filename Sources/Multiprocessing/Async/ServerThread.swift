import Glibc
import SystemPackage

/// A thread of its own, and what the tasks of a program ask of it.
///
///     a task                  the thread
///     post(…)  ──mailbox──>   waits for its doorway, and what else it likes
///     suspended               handle(…)
///     resumed  <───────────   answers
///
/// It begins with the first post. The mailbox has a lock, which is held for moments, and a pipe by which the first who puts
/// something in wakes the thread.
package final class ServerThread<Post: Sendable>: Sendable {
    private struct Mailbox {
        var posts: [Post] = []
        var lastKey: UInt64 = 0
        /// What the thread will do; nil once it has begun.
        var body: ((ServerThread) -> Void)?
        var hasEnded = false
        let bell: Connection
    }

    private let mailbox: Guarded<Mailbox>
    /// Readable when there are posts; the thread's alone.
    nonisolated(unsafe) private let doorway: Connection

    /// - Parameter body: calls `serve`; what it captures is the thread's alone.
    package init(_ body: @escaping (ServerThread) -> Void) throws(MultiprocessingError) {
        let pipe = try Pipe(duplex: false)
        doorway = pipe.first
        mailbox = Guarded(Mailbox(body: body, bell: pipe.second))
    }

    /// Another number each time, by which posts can be told to belong together.
    package func freshKey() -> UInt64 {
        mailbox.withLock { mailbox in
            mailbox.lastKey += 1
            return mailbox.lastKey
        }
    }

    /// Asks something of the thread, which begins for it if it has not.
    ///
    /// Does not block.
    ///
    /// - Parameter begins: whether it is worth a thread; if not, a post that none has come before is for nobody.
    ///
    /// Throws `cancelled` where the thread has ended, `systemCallFailed` where it cannot begin.
    package func post(_ post: Post, begins: Bool = true) throws(MultiprocessingError) {
        try mailbox.withLock { (mailbox) throws(MultiprocessingError) in
            if mailbox.hasEnded { throw MultiprocessingError.poolTerminated }
            if let body = mailbox.body {
                guard begins else { return }
                try begin(body)
                mailbox.body = nil
            }
            mailbox.posts.append(post)
            // Only the first wakes it. Nothing is in the pipe but this, so it has room.
            if mailbox.posts.count == 1 {
                try? mailbox.bell.send(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
            }
        }
    }

    // MARK: The thread

    private func begin(_ body: @escaping (ServerThread) -> Void) throws(MultiprocessingError) {
        // It holds the mailbox as long as it runs.
        let run = Unmanaged.passRetained(ThreadBody { [self] in body(self) })
        // The host's signals are for the host's threads; but for those that a thread brings on itself.
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

    /// The thread's whole life, with what it does for others.
    package func serve(_ service: some ThreadService<Post>) {
        while !service.isStopped {
            service.work()
            for post in service.wait(for: doorway) ? takePosts() : [] { service.handle(post) }
        }
        service.end()
        // What came meanwhile: it ends too, and no more comes.
        while case let posts = takeLastPosts(), !posts.isEmpty {
            for post in posts { service.handle(post) }
            service.end()
        }
    }

    /// What has been asked since the last time; does not block.
    private func takePosts() -> [Post] {
        mailbox.withLock { mailbox in
            // Rung once for all of them.
            _ = try? doorway.receiveBytes()
            defer { mailbox.posts = [] }
            return mailbox.posts
        }
    }

    /// What has come meanwhile, when the thread is about to end; when that is nothing, no more comes.
    private func takeLastPosts() -> [Post] {
        mailbox.withLock { mailbox in
            mailbox.hasEnded = mailbox.posts.isEmpty
            defer { mailbox.posts = [] }
            return mailbox.posts
        }
    }
}

/// What a `ServerThread` does for those who post.
package protocol ThreadService<Post> {
    associatedtype Post

    /// Somebody has asked for the end.
    var isStopped: Bool { get }
    /// Does what can be done without waiting.
    func work()
    /// Waits until there is something to do; whether the doorway is readable.
    func wait(for doorway: Connection) -> Bool
    func handle(_ post: Post)
    /// Ends all that there is, and tells whoever has asked for it.
    func end()
}

extension MultiprocessingError {
    /// Whose thread has ended.
    static var poolTerminated: MultiprocessingError { MultiprocessingError(.cancelled, "the pool was terminated") }
}

/// What a thread does, as an object that can be handed to C.
private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}
