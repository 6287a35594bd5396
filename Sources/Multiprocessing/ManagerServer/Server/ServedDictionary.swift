/// A dictionary, or a namespace, in the server.
final class ServedDictionary: ServedObject {
    private var entries = EncodedDictionary()

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        let client = request.client
        switch request.operation {
        case .get: reply(client, try find(&arguments))
        case .set:
            let key = try arguments.requiredItem()
            entries.set(key, to: try arguments.requiredItem(), stamp: client.server.nextStamp())
            client.reply(.done)
        case .update: try update(client, &arguments)
        case .pop:
            guard let position = try find(&arguments) else { return client.reply(.absent) }
            let value = entries.remove(at: position)
            client.reply(.done) { $0.append(item: value) }
        case .delete:
            guard let position = try find(&arguments) else { return client.reply(.absent) }
            entries.remove(at: position)
            client.reply(.done)
        case .popLast: popLast(client)
        case .contains: client.reply(try find(&arguments) == nil ? .absent : .done)
        case .count: client.reply(.done) { $0.append(Int64(entries.count)) }
        case .clear:
            entries.removeAll()
            client.reply(.done)
        case .setDefault: try setDefault(client, &arguments)
        case .getStamped: replyStamped(client, .done, try find(&arguments))
        case .exchange: try exchange(client, &arguments)
        case .getMany: try getMany(client, &arguments)
        case .keys: client.reply(.done) { for entry in entries.live { $0.append(item: entry.key) } }
        case .values: client.reply(.done) { for entry in entries.live { $0.append(item: entry.value) } }
        case .items:
            client.reply(.done) {
                for entry in entries.live {
                    $0.append(item: entry.key)
                    $0.append(item: entry.value)
                }
            }
        default: throw .malformed
        }
    }

    private func find(_ arguments: inout ItemReader) throws(RequestFault) -> Int? {
        entries.find(try arguments.requiredItem())
    }

    private func reply(_ client: ServedClient, _ position: Int?) {
        guard let position else { return client.reply(.absent) }
        client.reply(.done) { $0.append(item: entries[position].value) }
    }

    private func update(_ client: ServedClient, _ arguments: inout ItemReader) throws(RequestFault) {
        // All or nothing, even if the arguments are malformed at the end.
        var check = arguments
        while !check.isAtEnd {
            _ = try check.requiredItem()
            _ = try check.requiredItem()
        }
        let stamp = client.server.nextStamp()
        while !arguments.isAtEnd {
            let key = try arguments.requiredItem()
            entries.set(key, to: try arguments.requiredItem(), stamp: stamp)
        }
        client.reply(.done)
    }

    private func getMany(_ client: ServedClient, _ arguments: inout ItemReader) throws(RequestFault) {
        var positions: [Int?] = []
        while !arguments.isAtEnd {
            positions.append(try find(&arguments))
        }
        client.reply(.done) {
            for position in positions {
                $0.append(UInt8(position == nil ? 0 : 1))
                if let position { $0.append(item: entries[position].value) }
            }
        }
    }

    private func popLast(_ client: ServedClient) {
        guard let last = entries.last, let position = last.key.withUnsafeBytes({ entries.find($0) }) else {
            return client.reply(.absent)
        }
        entries.remove(at: position)
        client.reply(.done) {
            $0.append(item: last.key)
            $0.append(item: last.value)
        }
    }

    private func setDefault(_ client: ServedClient, _ arguments: inout ItemReader) throws(RequestFault) {
        let key = try arguments.requiredItem()
        let value = try arguments.requiredItem()
        if entries.find(key) == nil {
            entries.set(key, to: value, stamp: client.server.nextStamp())
        }
        reply(client, entries.find(key))
    }

    private func replyStamped(_ client: ServedClient, _ status: ManagerServerStatus, _ position: Int?) {
        client.reply(status) {
            guard let position else { return $0.append(UInt64(0)) }
            $0.append(entries[position].stamp)
            $0.append(item: entries[position].value)
        }
    }

    private func exchange(_ client: ServedClient, _ arguments: inout ItemReader) throws(RequestFault) {
        let key = try arguments.requiredItem()
        let stamp = try arguments.required(UInt64.self)
        let position = entries.find(key)
        guard stamp == position.map({ entries[$0].stamp }) ?? 0 else {
            return replyStamped(client, .conflict, position)
        }
        if !arguments.isAtEnd {
            entries.set(key, to: try arguments.requiredItem(), stamp: client.server.nextStamp())
        } else if let position {
            entries.remove(at: position)
        }
        client.reply(.done)
    }
}
