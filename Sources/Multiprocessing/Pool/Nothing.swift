/// The output of a function that returns nothing, since `Void` cannot be sent.
///
/// Python uses `None`.
public struct Nothing: Codable, Hashable, Sendable {
    /// The only value.
    public init() {}
}
