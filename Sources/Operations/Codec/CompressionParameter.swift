import CZstd

/// An advanced parameter of libzstd, by its name in `zstd --zstd=`.
package enum CompressionParameter: String, CaseIterable, Sendable {
    case windowLog, chainLog, hashLog, searchLog, minMatch, targetLength, strategy, overlapLog
    case ldmHashLog, ldmMinMatch, ldmBucketSizeLog, ldmHashRateLog

    /// The parameter with this name, or with this short name of zstd's.
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

    /// The parameter's code in libzstd; nil if only libzstd's own threads use it.
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

    /// The valid values, besides 0, which leaves the parameter to the level.
    package var range: ClosedRange<Int> {
        guard let code else { return 0...9 }
        let bounds = ZSTD_cParam_getBounds(code)
        return Int(bounds.lowerBound)...Int(bounds.upperBound)
    }
}
