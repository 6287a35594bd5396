/// The name that the program was called by; a link may have one of zstd's names.
package enum ProgramName: String {
    case poolmap, zstd, zstdmt, unzstd, zstdcat

    /// - Parameter argument: the first argument of the process, which may be a path.
    package init(argument: String) {
        let name = argument.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        // As in zstd, the suffix of zstd.exe does not count.
        self = ProgramName(rawValue: String(name.prefix { $0 != "." })) ?? .poolmap
    }

    /// False for zstd's names: to zstd, every bare word is a file name.
    var hasCommandWords: Bool { self == .poolmap }

    /// The arguments that the name implies, before all others.
    var arguments: [String] {
        switch self {
        case .poolmap, .zstd, .zstdmt: []
        case .unzstd: ["-d"]
        case .zstdcat: ["-dcfq", "--pass-through"]
        }
    }
}
