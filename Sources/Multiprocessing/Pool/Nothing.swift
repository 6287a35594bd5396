/// The output of a function that returns nothing, as `Void` cannot be sent.
///
/// In Python it would be `None`.
public struct Nothing: Codable, Hashable, Sendable {
    /// The only value.
    public init() {}
}
