import CMultiprocessing
import Glibc

@testable import Multiprocessing

extension FuzzTarget {
    /// A connection with a hostile peer, with and without descriptors.
    static let connection = FuzzTarget(
        name: "connection", mostBytes: 512, leastEdges: 530,
        seeds: {
            func framed(_ bytes: [UInt8], descriptors: UInt8 = 0) -> [UInt8] {
                [UInt8(bytes.count), 0, 0, 0, 0, 0, descriptors, 0] + bytes
            }
            return [
                [0, 0] + framed([1, 2, 3]) + framed([4]), [1, 0] + framed(Array("text".utf8)),
                [2, 2] + framed([1, 2], descriptors: 2) + framed([3]), [0x80, 1] + framed([5]), [3, 0] + [0xFF, 0xFF],
            ]
        },
        run: { bytes in
            var choices = Choices(bytes)
            let kind = choices.byte()
            let descriptorCount = Int(choices.byte() % 4)
            let message = choices.remainder
            var ends: [Int32] = [0, 0]
            require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0, "no socket")
            let free = nextDescriptor()
            if descriptorCount > 0, !message.isEmpty {
                let sent = send(message, with: descriptorCount, over: ends[0])
                require(sent == message.count, "\(sent) of \(message.count) bytes were sent")
            } else {
                require(write(ends[0], message.baseAddress, message.count) == message.count, "a socket is full")
            }
            close(ends[0])
            receive(kind, Connection(owning: ends[1], readable: true, writable: true), mostMessages: message.count + 1)
            // Whatever arrived, no descriptor may remain.
            require(nextDescriptor() == min(free, ends[0]), "a descriptor is left open")
        })

    private static func nextDescriptor() -> Int32 {
        let number = dup(STDERR_FILENO)
        close(number)
        return number
    }

    private static func send(_ bytes: UnsafeRawBufferPointer, with count: Int, over socket: Int32) -> Int {
        let numbers = [Int32](repeating: STDERR_FILENO, count: count)
        var piece = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return mp_send_descriptors(socket, &piece, 1, numbers, count, Int32(MSG_NOSIGNAL))
    }

    private static func receive(_ kind: UInt8, _ connection: Connection, mostMessages: Int) {
        // A message that no sender writes blocks everything after it, so it may be refused any number of times.
        for _ in 0..<mostMessages {
            do throws(MultiprocessingError) {
                switch kind % 4 {
                case 0: _ = try connection.receiveBytes()
                case 1: _ = try connection.receive(String.self)
                case 2: _ = try connection.receive([Int].self)
                default: try receiveSmall(connection)
                }
            } catch {
                require([.endOfFile, .decodingFailed].contains(error.code), "\(error)")
                if error.code == .endOfFile || kind & 0x80 != 0 { return }
            }
        }
    }

    private static func receiveSmall(_ connection: Connection) throws(MultiprocessingError) {
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 1)
        defer { space.deallocate() }
        do throws(MultiprocessingError) {
            _ = try connection.receive(into: space)
        } catch {
            // A message that is too large stays.
            guard error.code == .invalidState else { throw error }
            _ = try connection.receiveBytes()
        }
    }
}
