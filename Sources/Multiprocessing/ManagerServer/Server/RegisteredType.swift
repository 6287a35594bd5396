/// A type whose instances a manager server makes and holds for clients, which call its methods.
///
///     let counter = RegisteredType("Counter") { (start: Int) in Counter(total: start) }
///         .method(Add.self)
///     let manager = try Manager(registering: [counter])
///     let proxy = try manager.make(counter, 5)
///     try proxy.call(Add(amount: 3))                           // 8
///
/// Only these types and methods can be used: a client's request selects one of them and cannot do anything else. The
/// methods run in the server, one at a time. So each is atomic, and while one runs the server answers no other request.
/// A method that ends its process ends the server.
///
/// The corresponding Python API is `multiprocessing.managers.BaseManager.register`.
public struct RegisteredType<Object, Argument: Codable>: ManagedType {
    /// The name by which processes request it.
    public let name: String

    private let factory: (Argument) throws -> Object
    private var methods: [String: ServedInstance.Method] = [:]

    /// Registers a type.
    ///
    /// - Parameters:
    ///   - name: the same in all programs that use it.
    ///   - factory: makes an instance, in the server, from the argument of `Manager.make`.
    ///
    /// The corresponding Python API is `multiprocessing.managers.BaseManager.register(typeid, callable)`.
    public init(_ name: String, _ factory: @escaping (Argument) throws -> Object) {
        self.name = name
        self.factory = factory
    }

    /// A copy with one more method.
    ///
    /// Two methods of one type need different names. The corresponding Python notion is the `exposed` of
    /// `BaseManager.register`.
    public func method<Method: ManagedMethod>(_ type: Method.Type) -> RegisteredType where Method.Object == Object {
        precondition(methods[type.name] == nil, "\(name) has two methods called \(type.name)")
        let (input, output) = (MessageCoder<Method>.decodable(), MessageCoder<Method.Output>.encodable())
        var extended = self
        extended.methods[type.name] = { box, argument, results in
            let object = unsafeDowncast(box, to: Box.self)
            let result = try input.decode(argument).run(on: &object.value)
            try results.append(result, output)
        }
        return extended
    }

    private final class Box {
        var value: Object

        init(_ value: Object) {
            self.value = value
        }
    }
}

extension RegisteredType: ServedType {
    func makeInstance(_ argument: UnsafeRawBufferPointer) throws -> ServedInstance {
        let value = try factory(MessageCoder<Argument>.decodable().decode(argument))
        return ServedInstance(of: name, Box(value), methods)
    }
}
