/// A method of a registered type, as a value that travels to the server with its arguments.
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
    /// The type that it is a method of, which need not be `Codable`.
    associatedtype Object
    /// What it returns; `NoResult` where that is nothing.
    associatedtype Output: Codable

    /// What the method is called between the processes: its type's name, unless it says otherwise.
    static var name: String { get }

    /// Runs in the server, one at a time.
    ///
    /// What it throws is thrown to the caller as `requestFailed`, as text.
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
    /// Makes the one value that there is.
    public init() {}
}

/// A type that a `Manager` was told of; `RegisteredType` is the only one.
public protocol ManagedType {
    /// The name by which processes ask for it.
    var name: String { get }
}
