import CMultiprocessing
import Glibc
import SystemPackage

// Names of shared memory that are removed when the process that made them ends, for whatever reason.
//
// A killed process cannot clean up after itself, so another process does it: the guardian, one for each creator. It is
// forked when the first such name is registered (or spawned, if there are threads). It keeps only its end of a socket
// and a descriptor of its creator, has a session of its own, and ignores the signals that end whole groups of
// processes. The creator reports each name just before giving it to a file, and again after removing it. When the
// creator has ended, by whatever means, the guardian first reads the remaining messages, removes the names that are
// left, and exits. It learns of the end from the creator's pidfd and not only from the socket, of which forked children
// may have copies.
//
// A name may meanwhile have been unlinked and made again by another process. So a name is registered with the device
// and inode number of its file, and is removed only while it still refers to that file. This also makes it safe to
// register a name before it is known to be available.
//
// A guardian without names exits and is reaped, so that a process that has unlinked everything it made has no
// unexpected child left. At a normal exit the creator first waits for its other children, which may still use the
// names.

/// The creator's side.
enum NameGuardian {
    private struct Guardian {
        /// The process whose guardian it is: a forked child has a copy of this structure, but no guardian.
        let creator: Int32
        let pid: Int32
        let socket: Int32
        var names: Set<GuardedName>
    }

    private static let current = Guarded<Guardian?>(nil)
    nonisolated(unsafe) private static var hasExitHandler = false

    /// Makes sure that the name is removed when this process ends, if it refers to this file by then.
    static func register(_ guarded: GuardedName) throws(MultiprocessingError) {
        try current.withLock { (guardian) throws(MultiprocessingError) in
            dropInherited(&guardian)
            if guardian == nil {
                guardian = try start([guarded])
            } else {
                guardian?.names.insert(guarded)
            }
            guard let now = guardian, !tell(now, .register, guarded) else { return }
            // The guardian was killed: report everything to a new one.
            reap(now)
            guardian = nil
            let next = try start(now.names)
            for name in next.names where !tell(next, .register, name) {
                throw MultiprocessingError(.systemCallFailed, "the name guardian ended at once", pid: next.pid)
            }
            guardian = next
        }
    }

    /// Stops watching the name; does nothing if it is not watched.
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
        // Its own descriptors are released at once: unlike them, the guardian may be ended by any thread.
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

    /// Waits until the guardian has left this process's group: until then, a signal that ends the group would end both.
    private static func awaitReadiness(_ socket: Int32, of pid: Int32) {
        // Do not wait longer than this for a guardian that was stopped or has ended.
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

    /// False if the guardian has ended.
    private static func tell(_ guardian: Guardian, _ kind: GuardedName.Message, _ name: GuardedName) -> Bool {
        let message = name.message(kind)
        return
            (try? retryingInterrupted {
                send(guardian.socket, message, message.count, Int32(MSG_NOSIGNAL))
            }) == message.count
    }

    /// Lets the guardian remove the remaining names, and waits for it.
    private static func end(_ guardian: Guardian) {
        // Not just closed: forked children may have copies.
        shutdown(guardian.socket, Int32(SHUT_RDWR))
        reap(guardian)
    }

    private static func reap(_ guardian: Guardian) {
        close(guardian.socket)
        // Its pid cannot be reused, since only this code waits for it; if other code has reaped it, there is nothing to
        // wait for.
        if let sentinel = try? checked("pidfd_open", { mp_pidfd_open(guardian.pid) }) {
            // The guardian may have been stopped. It then ends later, and this process does not wait for that.
            var entries = [pollfd(fd: sentinel, events: Int16(POLLIN), revents: 0)]
            _ = try? poll(&entries, until: Deadline(after: .seconds(5)))
            close(sentinel)
        }
        waitpid(guardian.pid, nil, Int32(WNOHANG))
    }

    /// Forgets the parent's guardian that a forked child finds in its memory.
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
