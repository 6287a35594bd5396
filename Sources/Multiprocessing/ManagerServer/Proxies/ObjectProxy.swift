/// An instance of a registered type in a manager server.
///
/// The corresponding Python notion is the proxy that `multiprocessing.managers.MakeProxyType` makes.
public final class ObjectProxy<Object>: ManagerProxy, @unchecked Sendable {
    override class var kind: ManagerServerObjectKind { .instance }

    /// Calls a method of the instance.
    ///
    /// Blocks until it has run in the server, where methods run one at a time.
    ///
    /// Throws as `ManagerProxy` describes; also `requestFailed` if the method throws, with the text of its error, or if
    /// it was not registered in the server. The corresponding Python API is
    /// `multiprocessing.managers.BaseProxy._callmethod`.
    @discardableResult
    public func call<Method: ManagedMethod>(_ method: Method) throws(MultiprocessingError) -> Method.Output
    where Method.Object == Object {
        try link.call(.call, on: object) { (arguments) throws(MultiprocessingError) in
            arguments.append(item: Method.name)
            try arguments.append(method, MessageCoder<Method>.encodable())
        } _: { _, results throws(MultiprocessingError) in
            try results.value(MessageCoder<Method.Output>.decodable())
        }
    }
}
