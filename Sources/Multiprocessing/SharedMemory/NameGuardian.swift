import CMultiprocessing
import Glibc
import SystemPackage

// Names of shared memory that are to go with the process that made them, whatever ends it.
//
// A killed process cannot clean up after itself, so another one does: the guardian, one for a creator. It is forked when
// the first such name is registered (or spawned, where there are threads), keeps nothing but its end of a socket and a descriptor of its creator, belongs to a
// session of its own and takes no notice of the signals that end whole groups of processes. The creator tells it each
// name just before it gives it to a file, and again when it has taken the name away. When the creator has ended, by
// whatever means, the guardian first reads what the creator has still said, takes away the names that are left, and ends
// too. It knows of the end by the creator's pidfd, and not only by the socket, of which forked children may have copies.
//
// A name may have been unlinked in the meantime and made again by somebody else. So a name is registered with the device
// and number of its file, and is taken away only while it still means that file. This also makes it safe to register a
// name before it is known whether it can be had.
//
// A guardian without names ends, and is waited for, so that a process which has unlinked all that it had made has no
// child left of which it did not know. At a normal exit the creator's other children come first: they may still use the
// names.

/// The creator's side.
enum NameGuardian {
    private struct Guardian {
        /// The process whose guardian it is: a forked child has a copy of this, and no guardian.
        let creator: Int32
        let pid: Int32
        let socket: Int32
        var names: Set<GuardedName>
    }

    private static let current = Guarded<Guardian?>(nil)
    nonisolated(unsafe) private static var hasExitHandler = false

    /// Makes sure that the name goes with this process, if it then means this file.
    static func register(_ guarded: GuardedName) throws(MultiprocessingError) {
        try current.withLock { (guardian) throws(MultiprocessingError) in
            dropInherited(&guardian)
            if guardian == nil {
                guardian = try start([guarded])
            } else {
                guardian?.names.insert(guarded)
            }
            guard let now = guardian, !tell(now, .register, guarded) else { return }
            // Somebody has killed it: the next one is told all.
            reap(now)
            guardian = nil
            let next = try start(now.names)
            for name in next.names where !tell(next, .register, name) {
                throw MultiprocessingError(.systemCallFailed, "the guardian of names ends at once", pid: next.pid)
            }
            guardian = next
        }
    }

    /// Says that the name need not be watched any more; nothing where it is not.
    static func forget(_ guarded: GuardedName) {
        current.withLock { guardian in
            dropInherited(&guardian)
            guard guardian?.names.remove(guarded) != nil, let now = guardian else { return }
            if now.names.isEmpty {
                end(now)
                guardian = nil
            } else {
                _ = tell(now, .forget, guarded)
            }
        }
    }

    private static func start(_ names: Set<GuardedName>) throws(MultiprocessingError) -> Guardian {
        if !hasExitHandler {
            hasExitHandler = true
            Fork.beforeLeaving { NameGuardian.endAtExit() }
        }
        let creator = OwnedDescriptor(owning: try checked("pidfd_open") { mp_pidfd_open(getpid()) })
        var sockets: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        _ = try checked("socketpair") { socketpair(AF_UNIX, type, 0, &sockets) }
        let far = OwnedDescriptor(owning: mp_above_standard(sockets[1]))
        let near = OwnedDescriptor(owning: mp_above_standard(sockets[0]))
        let (socket, sentinel) = (far.number, creator.number)
        // Its own descriptors are given up at once: unlike them, the guardian may be ended by any thread.
        let pid: Int32
        if Fork.isSafe {
            pid = try Fork.child(deathSignal: 0) { NameGuardianProcess.run(socket: socket, creator: sentinel) }.pid
        } else {
            let entry = NameGuardianEntry(
                socket: DuplicatedDescriptor(FileDescriptor(rawValue: socket)),
                creator: DuplicatedDescriptor(FileDescriptor(rawValue: sentinel)))
            pid = try Spawn.start(entry, ProcessIdentity.current.helper(named: "name guardian", isDaemon: false)).pid
        }
        awaitReadiness(near.number, of: pid)
        Log.debug("process \(pid) guards names of shared memory")
        return Guardian(creator: getpid(), pid: pid, socket: near.release(), names: names)
    }

    /// Waits until the guardian has left this process's group: whoever ends that at once would end both.
    private static func awaitReadiness(_ socket: Int32, of pid: Int32) {
        // One that was stopped, or has ended, is not waited for longer than this.
        let deadline = Deadline(after: .seconds(5))
        var entries = [pollfd(fd: socket, events: Int16(POLLIN), revents: 0)]
        if let sentinel = try? checked("pidfd_open", { mp_pidfd_open(pid) }) {
            entries.append(pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0))
        }
        _ = try? poll(&entries, until: deadline)
        for entry in entries.dropFirst() {
            close(entry.fd)
        }
        var byte: UInt8 = 0
        _ = recv(socket, &byte, 1, Int32(MSG_DONTWAIT))
    }

    /// False where the guardian has ended.
    private static func tell(_ guardian: Guardian, _ kind: GuardedName.Message, _ name: GuardedName) -> Bool {
        let message = name.message(kind)
        return
            (try? retryingInterrupted {
                send(guardian.socket, message, message.count, Int32(MSG_NOSIGNAL))
            }) == message.count
    }

    /// Lets the guardian take away what is left, and waits for it.
    private static func end(_ guardian: Guardian) {
        // Not only closed: forked children may have copies.
        shutdown(guardian.socket, Int32(SHUT_RDWR))
        reap(guardian)
    }

    private static func reap(_ guardian: Guardian) {
        close(guardian.socket)
        // The number is still its own, as nobody else waits for it; if somebody does, there is nothing to wait for.
        if let sentinel = try? checked("pidfd_open", { mp_pidfd_open(guardian.pid) }) {
            // Somebody may have stopped it. It then ends later, and this process does not wait for that.
            var entries = [pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0)]
            _ = try? poll(&entries, until: Deadline(after: .seconds(5)))
            close(sentinel)
        }
        waitpid(guardian.pid, nil, Int32(WNOHANG))
    }

    /// A forked child has its parent's guardian in its memory, and nothing to do with it.
    private static func dropInherited(_ guardian: inout Guardian?) {
        if let inherited = guardian, inherited.creator != getpid() {
            close(inherited.socket)
            guardian = nil
        }
    }

    private static func endAtExit() {
        current.withLock { guardian in
            guard let now = guardian, now.creator == getpid() else { return }
            Process.endChildren()
            end(now)
            guardian = nil
        }
    }
}
