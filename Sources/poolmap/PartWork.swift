import Files

/// The part of the inputs that a run does; without a part and a share it does all of them.
struct PartWork {
    /// The part of a single file; nil for many files.
    var part: Part?
    /// The share of many files.
    var share: NameShare?
    /// The part of each large file that --split divides among all shares; nil without --split.
    var splitPart: Part? { share.flatMap { $0.splitBytes == nil ? nil : $0.part } }
}
