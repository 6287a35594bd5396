import Files
import Ground
import Run
import SystemPackage

/// Which parts of a map omit their first lines because others begin with the same ones; `MapPart` says where these are.
struct JoinedHeaders {
    private var bytesLeftOut: [Int: UInt64] = [:]

    /// nil if outputs have no header lines.
    ///
    /// Throws if a part's header lines differ from the others'.
    init?(_ parts: PartSet) throws(PoolmapError) {
        guard parts.operation == .map, let lineCount = parts.headerLineCount, lineCount > 0 else { return nil }
        var first: [UInt8]?
        for (number, member) in parts.members.enumerated() {
            guard let row = member.table.rows.first, row.byteCount > 0 else { continue }
            let lines = try member.open().readBytes(at: 0, count: Int(row.byteCount))
            guard let first else {
                first = lines
                continue
            }
            guard lines == first else {
                throw PoolmapError(
                    .failed,
                    "its outputs do not begin with the \(lineCount) header lines of the first part; make the parts "
                        + "again with --output-header 0 if there are none"
                ).of(member.path)
            }
            bytesLeftOut[number] = row.byteCount
        }
    }

    /// The length of the lines omitted at the beginning of a part; nil if there are none.
    func bytesLeftOut(of number: Int) -> UInt64? { bytesLeftOut[number] }
}

extension PartSet {
    /// How many header lines of each output are kept once; nil if the parts are not outputs of commands.
    package var headerLineCount: Int? {
        job.values(of: "output-header").first.flatMap { Int($0) }
    }

    /// Throws unless the parts were made for this reduction.
    ///
    /// - Parameter reduction: its command line as typed; nil for none.
    package func requireReduction(_ reduction: String?) throws(PoolmapError) {
        guard operation == .map else {
            guard reduction == nil else {
                throw PoolmapError(.failed, "--reduce joins outputs of map, but these are parts of \(operation)")
            }
            return
        }
        let noted = job.values(of: PartSet.reductionName).first ?? ""
        guard noted != PartSet.noted(reduction) else { return }
        throw PoolmapError(
            .failed,
            "the parts were made with --reduce \(noted), but join "
                + (reduction == nil ? "needs the same" : "has \(PartSet.noted(reduction))"))
    }

    private static let reductionName = "reduce"

    private static func noted(_ reduction: String?) -> String { (reduction ?? "concat").debugDescription }

    /// A part's setting for the reduction that will join its outputs.
    package static func setting(ofReduction reduction: String?) -> String { "\(reductionName)=\(noted(reduction))" }
}
