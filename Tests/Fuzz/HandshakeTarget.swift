import Glibc

@testable import Multiprocessing

extension FuzzTarget {
    /// The handshake with a stranger: without the key it must never succeed.
    static let handshake = FuzzTarget(
        name: "handshake", mostBytes: 256, leastEdges: 220,
        seeds: {
            let hello = Array("multiproc".utf8) + [Handshake.version, Handshake.Role.client.rawValue]
            let nonce = [UInt8](repeating: 5, count: AuthenticationKey.randomByteCount)
            return [
                [0] + hello + [0] + nonce, [1] + hello + [1] + nonce + [UInt8](repeating: 6, count: 32), [6, 1, 1],
                [7, 0, 1, 1, 1], [8], [13] + nonce + nonce, [12] + nonce,
            ]
        },
        run: { bytes in
            var choices = Choices(bytes)
            let kind = choices.byte()
            let key: AuthenticationKey? = kind & 1 != 0 ? secret : nil
            let role: Handshake.Role = kind & 2 != 0 ? .client : .listener
            var ends: [Int32] = [0, 0]
            require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0, "no socket")
            defer { ends.forEach { close($0) } }
            var handshake = Handshake(as: role, key: key)
            do throws(MultiprocessingError) {
                try handshake.begin(over: ends[0])
                if kind & 12 != 0 {
                    say(hello(kind, from: role.other, to: ends[1]), over: ends[1])
                }
                var isThrough = try handshake.advance(over: ends[0])
                while !isThrough, !choices.isEmpty {
                    // Pieces of any size, and sometimes what the other side has just said.
                    let piece = Int(choices.byte())
                    say(piece == 0xFF ? heard(over: ends[1]) : choices.bytes(piece), over: ends[1])
                    isThrough = try handshake.advance(over: ends[0])
                }
                require(!isThrough || key == nil, "a stranger without the key has got through")
            } catch {
                require([.authenticationFailed, .endOfFile].contains(error.code), "\(error)")
            }
        })

    private static let secret = AuthenticationKey()

    /// A valid hello, or the one just received, sent back.
    private static func hello(_ kind: UInt8, from role: Handshake.Role, to socket: Int32) -> [UInt8] {
        if kind & 4 == 0 { return heard(over: socket) }
        let nonce = [UInt8](repeating: 5, count: AuthenticationKey.randomByteCount)
        return Array("multiproc".utf8) + [Handshake.version, role.rawValue, kind & 8 != 0 ? 1 : 0] + nonce
    }

    private static func say(_ bytes: [UInt8], over socket: Int32) {
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }

    private static func heard(over socket: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return Array(bytes.prefix(max(0, count)))
    }
}
