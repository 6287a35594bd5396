/// The part of a registered type that the server uses.
protocol ServedType: ManagedType {
    func makeInstance(_ argument: UnsafeRawBufferPointer) throws -> ServedInstance
}

/// The registered types in the form that the server uses.
func servedTypes(_ types: [any ManagedType]) throws(MultiprocessingError) -> [any ServedType] {
    guard Set(types.map(\.name)).count == types.count else {
        throw MultiprocessingError(.invalidState, "two registered types have the same name")
    }
    return types.compactMap { $0 as? any ServedType }
}

/// An instance of a registered type in the server.
final class ServedInstance: ServedObject {
    /// Runs with the box of the instance and the encoded method, and appends the result.
    typealias Method = (AnyObject, UnsafeRawBufferPointer, inout ByteBuffer) throws -> Void

    private let typeName: String
    private let box: AnyObject
    private let methods: [String: Method]
    private var result = ByteBuffer()

    init(of typeName: String, _ box: AnyObject, _ methods: [String: Method]) {
        self.typeName = typeName
        self.box = box
        self.methods = methods
        super.init(.instance)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        guard request.operation == .call else { throw .malformed }
        let name = try arguments.requiredText()
        guard let method = methods[name] else { throw .refused("\(typeName) has no method \(name)") }
        result.removeAll()
        do {
            try method(box, try arguments.requiredItem(), &result)
        } catch let fault as RequestFault {
            throw fault
        } catch {
            throw .refused("\(typeName).\(name): \(error)")
        }
        request.client.reply(.done) { $0.append(bytes: result.readable) }
    }
}
