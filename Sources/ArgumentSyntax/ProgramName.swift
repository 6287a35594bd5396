/// The name by which the program was called: a link may have one of zstd's.
package enum ProgramName: String {
    case poolmap, zstd, zstdmt, unzstd, zstdcat

    /// - Parameter argument: what is in front of the arguments, perhaps a path.
    package init(argument: String) {
        let name = argument.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        // zstd.exe is zstd to zstd itself.
        self = ProgramName(rawValue: String(name.prefix { $0 != "." })) ?? .poolmap
    }

    /// zstd has none: there every bare word is a file's name.
    var hasCommandWords: Bool { self == .poolmap }

    /// What the name means, as arguments before all others.
    var arguments: [String] {
        switch self {
        case .poolmap, .zstd, .zstdmt: []
        case .unzstd: ["-d"]
        case .zstdcat: ["-dcfq", "--pass-through"]
        }
    }
}
