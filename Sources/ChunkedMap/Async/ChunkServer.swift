import Glibc
import Multiprocessing
import Synchronization
import SystemPackage

/// The thread that has the pool of an `AsyncChunkPool`: it takes in what comes from the workers, and answers tasks.
///
///     a task                       the server's thread                    the pool
///     post(.wish)  ──mailbox──>    a map is begun, its chunks handed out  ──>
///     suspended                    waits for the pool and the mailbox     <──  an output
///     resumed      <───────────    the wish is answered
///
/// Nobody else touches the pool once the thread runs. The mailbox has a lock, which is held for moments, and a pipe by which
/// the first who puts something in wakes the thread.
final class ChunkServer<Output: Codable & Sendable>: Sendable {
    private struct Mailbox: ~Copyable {
        var posts: [ChunkPost<Output>] = []
        var lastKey: UInt64 = 0
        /// What the thread will have; nil once it has begun.
        var engine: ChunkEngine<Output>?
        /// The thread has ended, and its pool with it.
        var hasEnded = false
        let bell: Connection
    }

    private let mailbox: Mutex<Mailbox>
    /// The thread's alone.
    nonisolated(unsafe) private let doorway: Connection

    init(_ pool: sending ChunkPool<Output>) throws(ChunkedMapError) {
        do {
            let pipe = try Pipe(duplex: false)
            doorway = pipe.first
            mailbox = Mutex(Mailbox(engine: pool.engine, bell: pipe.second))
        } catch {
            throw ChunkedMapError(error)
        }
    }

    func freshKey() -> UInt64 {
        mailbox.withLock { mailbox in
            mailbox.lastKey += 1
            return mailbox.lastKey
        }
    }

    /// Asks something of the thread, which begins for it if it has not.
    ///
    /// Does not block.
    func post(_ post: ChunkPost<Output>) {
        let refusal: ChunkedMapError? = mailbox.withLock { mailbox in
            if mailbox.hasEnded { return ChunkedMapError.poolTerminated }
            if let engine = mailbox.engine {
                if case .forget = post { return nil }
                if let error = begin(engine) { return error }
                mailbox.engine = nil
            }
            mailbox.posts.append(post)
            // Only the first wakes it. Nothing is in the pipe but this, so it has room.
            if mailbox.posts.count == 1 {
                try? mailbox.bell.send(bytes: UnsafeRawBufferPointer(start: nil, count: 0))
            }
            return nil
        }
        guard let refusal else { return }
        switch post {
        case .wish(_, _, _, let answer): answer(.failure(refusal))
        case .stop(let hasEnded): hasEnded()
        case .cancel, .forget: break
        }
    }

    // MARK: The thread

    /// Makes the thread; returns why it cannot.
    private func begin(_ engine: ChunkEngine<Output>) -> ChunkedMapError? {
        // What else the thread is to have, and what holds the server as long as it runs.
        let body = Unmanaged.passRetained(ThreadBody { [self] in serve(ServedMaps(engine)) })
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
            }, body.toOpaque())
        guard number != 0 else { return nil }
        body.release()
        return ChunkedMapError(.systemCallFailed, "pthread_create failed", errno: Errno(rawValue: number))
    }

    private func serve(_ maps: ServedMaps<Output>) {
        while !maps.isStopped {
            maps.work()
            for post in maps.wait(for: doorway) ? takePosts() : [] {
                maps.handle(post)
            }
        }
        maps.end()
        // What came meanwhile: it ends too, and no more comes.
        while case let posts = takeLastPosts(), !posts.isEmpty {
            for post in posts { maps.handle(post) }
            maps.end()
        }
    }

    private func takePosts() -> [ChunkPost<Output>] {
        mailbox.withLock { mailbox in
            // Rung once for all of them.
            _ = try? doorway.receiveBytes()
            defer { mailbox.posts = [] }
            return mailbox.posts
        }
    }

    private func takeLastPosts() -> [ChunkPost<Output>] {
        mailbox.withLock { mailbox in
            mailbox.hasEnded = mailbox.posts.isEmpty
            defer { mailbox.posts = [] }
            return mailbox.posts
        }
    }
}

/// What a thread does, as an object that can be handed to C.
private final class ThreadBody {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
        self.run = run
    }
}
