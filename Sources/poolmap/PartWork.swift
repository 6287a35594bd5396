import Files

/// What a line does of its inputs, where it does not do all.
struct PartWork {
    /// The part of the one file; nil of many.
    var part: Part?
    /// The share of many files.
    var share: NameShare?
    /// The part of each file that is in every share; nil where there are none.
    var splitPart: Part? { share.flatMap { $0.splitBytes == nil ? nil : $0.part } }
}
