import CZstd

/// A parameter of libzstd's that goes beyond the level, by the name that `zstd --zstd=` has for it.
package enum CompressionParameter: String, CaseIterable, Sendable {
    case windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy, overlapLog
    case ldmHashLog, ldmMinMatch, ldmBucketSizeLog, ldmHashRateLog

    /// The parameter of a name, or of zstd's short one.
    package init?(name: String) {
        guard
            let parameter = CompressionParameter.allCases.first(where: { [$0.rawValue, $0.shortName].contains(name) })
        else { return nil }
        self = parameter
    }

    private var shortName: String {
        switch self {
        case .windowLog: "wlog"
        case .chainLog: "clog"
        case .hashLog: "hlog"
        case .searchLog: "slog"
        case .minMatch: "mml"
        case .targetLength: "tlen"
        case .strategy: "strat"
        case .overlapLog: "ovlog"
        case .ldmHashLog: "lhlog"
        case .ldmMinMatch: "lmml"
        case .ldmBucketSizeLog: "lblog"
        case .ldmHashRateLog: "lhrlog"
        }
    }

    /// What libzstd calls it; nil for what only its own threads heed.
    var code: ZSTD_cParameter? {
        switch self {
        case .windowLog: ZSTD_c_windowLog
        case .chainLog: ZSTD_c_chainLog
        case .hashLog: ZSTD_c_hashLog
        case .searchLog: ZSTD_c_searchLog
        case .minMatch: ZSTD_c_minMatch
        case .targetLength: ZSTD_c_targetLength
        case .strategy: ZSTD_c_strategy
        case .overlapLog: nil
        case .ldmHashLog: ZSTD_c_ldmHashLog
        case .ldmMinMatch: ZSTD_c_ldmMinMatch
        case .ldmBucketSizeLog: ZSTD_c_ldmBucketSizeLog
        case .ldmHashRateLog: ZSTD_c_ldmHashRateLog
        }
    }

    /// The values that it may have, beside 0, which leaves it to the level.
    package var range: ClosedRange<Int> {
        guard let code else { return 0...9 }
        let bounds = ZSTD_cParam_getBounds(code)
        return Int(bounds.lowerBound)...Int(bounds.upperBound)
    }
}
