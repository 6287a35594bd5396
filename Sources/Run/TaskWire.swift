import Ground
import Multiprocessing

/// Tasks and answers as sent: the operation's bytes, followed by what the engine needs.
enum TaskWire {
    static func bytes(of task: TaskMessage, _ operation: Int) -> [UInt8] {
        var bytes = task.bytes
        bytes.reserveCapacity(bytes.count + 8 * task.files.count + 2)
        for file in task.files {
            withUnsafeBytes(of: file.key) { bytes.append(contentsOf: $0) }
        }
        bytes.append(UInt8(task.files.count))
        bytes.append(UInt8(operation))
        return bytes
    }

    /// Runs a task in a worker, and returns its encoded answer.
    static func perform(_ bytes: [UInt8], _ operations: [any Operation], _ hands: Hands) -> [UInt8] {
        var bytes = bytes
        let operation = operations[Int(bytes.removeLast())]
        let keyCount = Int(bytes.removeLast())
        let keys = bytes.suffix(8 * keyCount)
        do {
            let files = try (0..<keyCount).map { place in
                try SharedDescriptor(
                    key: keys.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self) })
            }
            bytes.removeLast(8 * keyCount)
            return TaskWire.bytes(
                of: operation.perform(
                    TaskMessage(operation: type(of: operation), bytes: bytes, files: files, byteCount: 0), hands))
        } catch {
            let error = error as? MultiprocessingError
            return TaskWire.bytes(
                of: .failed(error.map { PoolmapError($0, else: .failed) } ?? PoolmapError(.failed, "no such file")))
        }
    }

    private enum Kind {
        static let done: UInt8 = 0
        static let failed: UInt8 = 1
        static let leftToFront: UInt8 = 2
    }

    private static func bytes(of answer: TaskAnswer) -> [UInt8] {
        switch answer {
        case .done(_, var bytes):
            bytes.append(Kind.done)
            return bytes
        case .failed(let error):
            var message = MessageWriter()
            error.write(to: &message)
            message.add(Kind.failed)
            return message.bytes
        case .leftToFront, .files: return [Kind.leftToFront]
        }
    }

    /// - Parameter operation: the operation that the answer belongs to.
    static func answer(_ bytes: [UInt8], of operation: any Operation.Type) throws(PoolmapError) -> TaskAnswer {
        switch bytes.last {
        case Kind.done: return .done(operation, bytes)
        case Kind.failed:
            var message = MessageReader(bytes)
            return .failed(try PoolmapError(from: &message))
        default: return .leftToFront
        }
    }
}
