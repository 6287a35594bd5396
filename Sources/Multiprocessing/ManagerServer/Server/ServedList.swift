/// A list, an array or a single value in the server.
final class ServedList: ServedObject {
    private struct Element {
        var bytes: [UInt8]
        var stamp: UInt64
    }

    private var elements: [Element] = []
    /// The stamp of the last change.
    private var stamp: UInt64 = 0

    /// Takes the first elements from the remaining arguments.
    init(
        _ kind: ManagerServerObjectKind, _ arguments: inout ItemReader, of server: any ClientKeeper
    ) throws(RequestFault) {
        super.init(kind)
        elements = try newElements(&arguments, server)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        let client = request.client
        switch request.operation {
        case .get:
            let index = try index(&arguments)
            client.reply(.done) { $0.append(item: elements[index].bytes) }
        case .set:
            let index = try index(&arguments)
            elements[index].bytes.assign(try arguments.requiredItem())
            elements[index].stamp = nextStamp(client.server)
            client.reply(.done)
        case .count: client.reply(.done) { $0.append(Int64(elements.count)) }
        case .values: replyItems(client, elements[...])
        case .slice: replyItems(client, elements[try range(&arguments)])
        case .contains, .index: try find(client, &arguments)
        case .countValue:
            let value = try arguments.requiredItem()
            client.reply(.done) { $0.append(Int64(elements.count { $0.bytes.hasSameBytes(as: value) })) }
        case .getStamped: replyStamped(client, .done, try index(&arguments))
        case .exchange: try exchange(client, &arguments)
        default:
            guard kind == .list else { throw .malformed }
            try performGrowing(request, &arguments)
        }
    }

    /// Operations of a list only, since the others have a fixed length.
    private func performGrowing(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        let (client, server) = (request.client, request.client.server)
        switch request.operation {
        case .append: elements += try newElements(&arguments, server)
        case .insert:
            let index = try position(&arguments)
            elements.insert(
                Element(bytes: try arguments.requiredBytes(), stamp: nextStamp(server)), at: index)
        case .replace:
            let range = try range(&arguments)
            elements.replaceSubrange(range, with: try newElements(&arguments, server))
        case .pop:
            if arguments.isAtEnd && elements.isEmpty { return client.reply(.absent) }
            let element = elements.remove(at: arguments.isAtEnd ? elements.count - 1 : try index(&arguments))
            _ = nextStamp(server)
            return client.reply(.done) { $0.append(item: element.bytes) }
        case .removeValue:
            let value = try arguments.requiredItem()
            guard let index = firstIndex(of: value) else { return client.reply(.absent) }
            elements.remove(at: index)
        case .reverse: elements.reverse()
        case .clear: elements = []
        case .getAllStamped: return replyAllStamped(client, .done)
        case .exchangeAll:
            guard try arguments.required(UInt64.self) == stamp else { return replyAllStamped(client, .conflict) }
            elements = try newElements(&arguments, server)
        default: throw .malformed
        }
        _ = nextStamp(server)
        client.reply(.done)
    }

    private func nextStamp(_ server: any ClientKeeper) -> UInt64 {
        stamp = server.nextStamp()
        return stamp
    }

    /// The remaining arguments as elements.
    ///
    /// Each element has its own stamp, which identifies it when its index has changed.
    private func newElements(
        _ arguments: inout ItemReader, _ server: any ClientKeeper
    ) throws(RequestFault) -> [Element] {
        var elements: [Element] = []
        while !arguments.isAtEnd {
            elements.append(Element(bytes: try arguments.requiredBytes(), stamp: nextStamp(server)))
        }
        return elements
    }

    private func index(_ arguments: inout ItemReader) throws(RequestFault) -> Int {
        let index = Int(try arguments.required(Int64.self))
        guard elements.indices.contains(index) else {
            throw .refused("index \(index) is out of range for \(elements.count) elements")
        }
        return index
    }

    /// A position between two elements, or at an end; clipped to the end.
    private func position(_ arguments: inout ItemReader) throws(RequestFault) -> Int {
        let index = Int(try arguments.required(Int64.self))
        guard index >= 0 else { throw .refused("position \(index) is negative") }
        return min(index, elements.count)
    }

    private func range(_ arguments: inout ItemReader) throws(RequestFault) -> Range<Int> {
        let lower = try position(&arguments)
        let upper = try position(&arguments)
        guard lower <= upper else { throw .refused("a range ends before it starts") }
        return lower..<upper
    }

    private func firstIndex(of value: UnsafeRawBufferPointer) -> Int? {
        elements.firstIndex { $0.bytes.hasSameBytes(as: value) }
    }

    private func find(_ client: ServedClient, _ arguments: inout ItemReader) throws(RequestFault) {
        guard let index = firstIndex(of: try arguments.requiredItem()) else { return client.reply(.absent) }
        client.reply(.done) { $0.append(Int64(index)) }
    }

    private func replyItems(_ client: ServedClient, _ elements: ArraySlice<Element>) {
        client.reply(.done) { for element in elements { $0.append(item: element.bytes) } }
    }

    private func replyStamped(_ client: ServedClient, _ status: ManagerServerStatus, _ index: Int) {
        client.reply(status) {
            $0.append(elements[index].stamp)
            $0.append(item: elements[index].bytes)
        }
    }

    private func replyAllStamped(_ client: ServedClient, _ status: ManagerServerStatus) {
        client.reply(status) {
            $0.append(stamp)
            for element in elements { $0.append(item: element.bytes) }
        }
    }

    private func exchange(_ client: ServedClient, _ arguments: inout ItemReader) throws(RequestFault) {
        let index = try index(&arguments)
        guard try arguments.required(UInt64.self) == elements[index].stamp else {
            return replyStamped(client, .conflict, index)
        }
        elements[index].bytes.assign(try arguments.requiredItem())
        elements[index].stamp = nextStamp(client.server)
        client.reply(.done)
    }
}
