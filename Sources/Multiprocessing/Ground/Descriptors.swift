import CMultiprocessing
import Glibc
import SystemPackage

/// A descriptor that belongs to the process that opened it and to those that it forks on purpose to share it.
struct OwnedDescriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        _ = Glibc.close(number)
    }

    /// Gives up the descriptor without closing it.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}

/// A descriptor that no child may keep: an inherited copy of a socket would hide from its reader that the writer died.
///
/// Every fork of this module closes them in the child. An object that was copied into a child with the memory must not
/// close the same number again, which may be another file by then: only descriptors that this process still lists are
/// closed.
struct PrivateDescriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) {
        self.number = number
        PrivateDescriptors.insert(number)
    }

    deinit {
        if PrivateDescriptors.remove(number) {
            _ = Glibc.close(number)
        }
    }

    /// Gives up the descriptor without closing it; children forked from now on keep it.
    consuming func release() -> Int32 {
        let number = number
        _ = PrivateDescriptors.remove(number)
        discard self
        return number
    }
}

enum PrivateDescriptors {
    // A process with threads may spawn from any of them. One that forks has no other thread that could hold the lock.
    private static let numbers = Guarded<Set<Int32>>([])

    fileprivate static func insert(_ number: Int32) {
        numbers.withLock { _ = $0.insert(number) }
    }

    fileprivate static func remove(_ number: Int32) -> Bool {
        numbers.withLock { $0.remove(number) != nil }
    }

    /// Called in a child right after the fork.
    static func closeAll() {
        numbers.withLock { numbers in
            for number in numbers {
                _ = Glibc.close(number)
            }
            numbers.removeAll()
        }
    }
}

/// A pipe, both ends close-on-exec.
///
/// The C function is `pipe2`.
func makePipe() throws(MultiprocessingError) -> (reader: Int32, writer: Int32) {
    var numbers: [Int32] = [-1, -1]
    _ = try checked("pipe2") { mp_pipe(&numbers) }
    return (numbers[0], numbers[1])
}

/// Two connected stream sockets, both close-on-exec.
///
/// The C function is `socketpair`.
func makeSocketPair() throws(MultiprocessingError) -> (Int32, Int32) {
    var numbers: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    _ = try checked("socketpair") { socketpair(AF_UNIX, type, 0, &numbers) }
    return (mp_above_standard(numbers[0]), mp_above_standard(numbers[1]))
}
