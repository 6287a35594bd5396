/// A method of a registered type, as a value that is sent to the server with its arguments.
///
///     struct Add: ManagedMethod {
///         var amount: Int
///         func run(on counter: inout Counter) -> Int {
///             counter.total += amount
///             return counter.total
///         }
///     }
///
/// The corresponding Python notion is the name of a method in the `exposed` of `BaseManager.register`.
public protocol ManagedMethod: Codable {
    /// The type whose method it is; it need not be `Codable`.
    associatedtype Object
    /// The result type; `NoResult` if there is none.
    associatedtype Output: Codable

    /// The method's name in requests; the default is the type's name.
    static var name: String { get }

    /// Runs in the server, one at a time.
    ///
    /// An error that it throws reaches the caller as `requestFailed` with its text.
    func run(on object: inout Object) throws -> Output
}

extension ManagedMethod {
    /// The type's own name, without its module.
    public static var name: String {
        String(describing: Self.self)
    }
}

/// The output of a `ManagedMethod` that has none.
public struct NoResult: Codable, Sendable, Equatable {
    /// Makes the only value.
    public init() {}
}

/// A type that can be registered with a `Manager`; `RegisteredType` is the only one.
public protocol ManagedType {
    /// The name by which processes request it.
    var name: String { get }
}
