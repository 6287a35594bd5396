import CMultiprocessing
import Glibc

/// The descriptors of the message that the calling thread is encoding or decoding.
///
/// A value that has descriptors (a `Connection`, a `Queue`, shared memory) is `Codable`, but only as part of a message
/// over a Unix socket: it attaches its descriptors here and encodes their positions. The receiver gets its own
/// descriptors of the same open files. With any other coder such a value is an error.
///
/// The corresponding Python module is `multiprocessing.reduction`.
enum DescriptorTransfer {
    private final class Descriptors {
        /// When sending, these are borrowed from the values, which the sender holds until the message is sent.
        var numbers: [Int32]
        /// When receiving, whether a value has taken ownership of each.
        var isTaken: [Bool]
        /// When receiving, objects that must live until the message is decoded.
        var kept: [AnyObject] = []

        init(_ numbers: [Int32]) {
            self.numbers = numbers
            isTaken = numbers.map { _ in false }
        }
    }

    /// Runs `body`, which encodes a message, and returns the descriptors that its values have attached.
    static func collecting(_ body: () throws -> Void) rethrows -> [Int32] {
        let thread = mp_transfer_of_thread()
        let outer = thread.pointee
        // Most messages have no descriptors and must not pay for them: the object is made when the first value attaches
        // one.
        thread.pointee = mp_transfer(is_sending: 1, descriptors: nil, task: nil)
        defer {
            drop(thread.pointee.descriptors)
            thread.pointee = outer
        }
        try body()
        return descriptors(thread)?.numbers ?? []
    }

    /// Runs `body`, which encodes data for a place where no descriptor can go: attaching one is an error.
    ///
    /// This also holds inside the encoding of another message, which must not get the descriptors either.
    static func refusing(_ body: () throws -> Void) rethrows {
        let thread = mp_transfer_of_thread()
        let outer = thread.pointee
        thread.pointee = mp_transfer(is_sending: 0, descriptors: nil, task: nil)
        defer { thread.pointee = outer }
        try body()
    }

    /// Whether descriptors can be attached to the value being encoded.
    static var isPossible: Bool {
        mp_transfer_of_thread().pointee.is_sending != 0
    }

    /// Runs `body`, which decodes a message, and lets its values take these descriptors.
    ///
    /// Closes those that no value has taken.
    static func handing<Result>(_ numbers: [Int32], _ body: () throws -> Result) rethrows -> Result {
        if numbers.isEmpty {
            return try body()
        }
        let thread = mp_transfer_of_thread()
        let outer = thread.pointee
        let received = Descriptors(numbers)
        thread.pointee = mp_transfer(
            is_sending: 0, descriptors: Unmanaged.passRetained(received).toOpaque(), task: nil)
        defer {
            for (number, isTaken) in zip(received.numbers, received.isTaken) where !isTaken {
                _ = Glibc.close(number)
            }
            drop(thread.pointee.descriptors)
            thread.pointee = outer
        }
        return try body()
    }

    /// Adds a descriptor to the message being encoded, and returns its position there.
    static func attach(_ number: Int32, of what: String) throws(MultiprocessingError) -> Int {
        let thread = mp_transfer_of_thread()
        guard thread.pointee.is_sending != 0 else {
            throw MultiprocessingError(
                .encodingFailed,
                "\(what) can be sent only over a Connection, or with the target of a process being started; for a queue, "
                    + "a pool or a Manager, make it before the processes are forked, or send it to them first")
        }
        guard let attached = descriptors(thread) else {
            thread.pointee.descriptors = Unmanaged.passRetained(Descriptors([number])).toOpaque()
            return 0
        }
        if let position = attached.numbers.firstIndex(of: number) {
            return position
        }
        guard attached.numbers.count < Int(MP_MAX_DESCRIPTORS) else {
            throw MultiprocessingError(.encodingFailed, "a message can carry at most \(MP_MAX_DESCRIPTORS) descriptors")
        }
        attached.numbers.append(number)
        return attached.numbers.count - 1
    }

    /// The number of a descriptor of the message being decoded, which the caller does not own.
    static func number(at position: Int) throws(MultiprocessingError) -> Int32 {
        try received(position).numbers[position]
    }

    /// Keeps an object alive until the message is decoded.
    static func keep(_ object: AnyObject) {
        descriptors(mp_transfer_of_thread())?.kept.append(object)
    }

    private static func received(_ position: Int) throws(MultiprocessingError) -> Descriptors {
        let thread = mp_transfer_of_thread()
        guard thread.pointee.is_sending == 0, let received = descriptors(thread),
            received.numbers.indices.contains(position)
        else {
            throw MultiprocessingError(.decodingFailed, "the message has no descriptor \(position)")
        }
        return received
    }

    /// A descriptor of the message being decoded; the caller then owns it.
    static func take(_ position: Int) throws(MultiprocessingError) -> OwnedDescriptor {
        let received = try received(position)
        let number = received.numbers[position]
        if received.isTaken[position] {
            // Two values of a message may share a descriptor; each owns one.
            return OwnedDescriptor(owning: try checked("fcntl") { mp_duplicate(number) })
        }
        received.isTaken[position] = true
        return OwnedDescriptor(owning: number)
    }

    private static func descriptors(_ thread: UnsafeMutablePointer<mp_transfer>) -> Descriptors? {
        thread.pointee.descriptors.map { Unmanaged<Descriptors>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func drop(_ pointer: UnsafeMutableRawPointer?) {
        if let pointer {
            Unmanaged<Descriptors>.fromOpaque(pointer).release()
        }
    }
}
