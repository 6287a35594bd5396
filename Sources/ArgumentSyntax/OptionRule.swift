/// An option of zstd's modes: how it is written, and in which modes it has an effect.
///
/// Like zstd, poolmap accepts an option of zstd in every mode, so that one set of options serves both ways, as in `tar
/// -I "poolmap -T0 -19"`. In modes where it has no effect, it is dropped before the arguments are parsed. This table
/// alone defines that; docs/zstd.md explains it.
struct OptionRule: Sendable {
    /// Whether an option has a value.
    enum Value: Sendable {
        case none
        /// After "=", or the next argument.
        case needed
        /// After "="; this default without it.
        case optional(String)
        /// After "=" only.
        case attached
    }

    /// All names; the parser knows the first one.
    let names: [String]
    let value: Value
    /// The modes in which it has an effect.
    let modes: [CommandWord]
    /// Whether the other modes accept it, too.
    let isTakenElsewhere: Bool
    /// Returns what is wrong with a value that is then dropped; nil if it is valid.
    let complaint: @Sendable (String) -> String?

    private init(
        _ names: [String], _ value: Value, in modes: [CommandWord], isTakenElsewhere: Bool = true,
        complaint: @escaping @Sendable (String) -> String? = { _ in nil }
    ) {
        self.names = names
        self.value = value
        self.modes = modes
        self.isTakenElsewhere = isTakenElsewhere
        self.complaint = complaint
    }

    /// The rule of an option, by any of its names; nil for options of poolmap that have no value.
    static func named(_ name: String) -> OptionRule? {
        byName[name].map { all[$0] }
    }

    /// All long names.
    static var longNames: [String] { byName.keys.filter { $0.hasPrefix("--") } }

    private static let byName: [String: Int] = {
        var places: [String: Int] = [:]
        for (place, rule) in all.enumerated() {
            for name in rule.names { places[name] = place }
        }
        return places
    }()

    private static let restoring: [CommandWord] = [.decompress, .test, .cat]
    private static let working: [CommandWord] = [.compress, .decompress, .test, .cat]

    private static let all: [OptionRule] = [
        // How to compress.
        .init(["--level"], .needed, in: [.compress]),
        .init(["--ultra"], .none, in: [.compress]),
        .init(["--fast"], .optional("1"), in: [.compress]),
        .init(["--chunk-size"], .needed, in: [.compress]),
        .init(["--block-size"], .needed, in: [.compress]),
        .init(["--check"], .none, in: [.compress]),
        .init(["--no-check"], .none, in: [.compress]),
        .init(["--content-size"], .none, in: []),
        .init(["--no-content-size"], .none, in: []),
        .init(["--no-dictID"], .none, in: [.compress]),
        .init(["--rsyncable"], .none, in: [.compress]),
        .init(["--stream-size"], .needed, in: [.compress]),
        .init(["--exclude-compressed"], .none, in: [.compress]),
        .init(["--zstd"], .attached, in: [.compress]),
        // How to decompress.
        .init(["--pass-through"], .none, in: [.decompress]),
        .init(["--no-pass-through"], .none, in: [.decompress]),
        .init(["--sparse"], .none, in: [.decompress, .cat]),
        .init(["--no-sparse"], .none, in: [.decompress, .cat]),
        .init(
            ["--memory", "--memlimit", "--memlimit-decompress", "-M"], .needed, in: restoring,
            complaint: complaintOfSize),
        .init(["--max-output"], .needed, in: restoring, complaint: complaintOfSize),
        .init(["--max-ratio"], .needed, in: restoring, complaint: complaintOfSize),
        // Both.
        .init(["--long"], .optional("27"), in: working),
        .init(["-D"], .needed, in: working),
        .init(["--threads", "--jobs", "-j"], .needed, in: working),
        .init(["--single-thread"], .none, in: working),
        .init(["--progress"], .none, in: working),
        .init(["--no-progress"], .none, in: working),
        .init(["-q", "--quiet"], .none, in: working + [.list]),
        .init(["-v", "--verbose"], .none, in: working + [.list]),
        // Where to write, and what happens to the input.
        .init(["-o", "--output"], .needed, in: [.compress, .decompress]),
        .init(["-c", "--stdout"], .none, in: [.compress, .decompress]),
        .init(["-k", "--keep"], .none, in: [.compress, .decompress]),
        .init(["--rm"], .none, in: [.compress, .decompress]),
        .init(["-f", "--force"], .none, in: [.compress, .decompress, .test]),
        .init(["--output-dir"], .needed, in: [.compress, .decompress]),
        .init(["--output-dir-flat"], .needed, in: [.compress, .decompress]),
        .init(["--output-dir-mirror"], .needed, in: [.compress, .decompress]),
        // Options of zstd that have no effect here.
        .init(["-n"], .none, in: []),
        .init(["--format"], .attached, in: []) { $0 == "zstd" ? nil : "must be zstd (got \($0))" },
        .init(["--adapt"], .optional("min=1,max=1"), in: [], complaint: complaintOfAdapt),
        .init(["--asyncio"], .none, in: []),
        .init(["--no-asyncio"], .none, in: []),
        .init(["--auto-threads"], .needed, in: []) {
            ["physical", "logical"].contains($0) ? nil : "must be physical or logical (got \($0))"
        },
        .init(["--compress-literals"], .none, in: []),
        .init(["--no-compress-literals"], .none, in: []),
        .init(["--row-match-finder"], .none, in: []),
        .init(["--no-row-match-finder"], .none, in: []),
        .init(["--priority"], .attached, in: []) { $0 == "rt" ? nil : "must be rt (got \($0))" },
        .init(["--size-hint"], .needed, in: [], complaint: complaintOfSize),
        .init(["--target-compressed-block-size"], .needed, in: [], complaint: complaintOfSize),
        .init(["--maxdict"], .needed, in: [], complaint: complaintOfSize),
        .init(["--dictID"], .needed, in: [], complaint: complaintOfSize),
        // poolmap's own; listed so that a value in the next argument is not taken as a file name.
        .init(["--files-from", "--filelist"], .needed, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--depfile"], .needed, in: [.compress, .decompress], isTakenElsewhere: false),
        .init(["--part"], .needed, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--split"], .needed, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--engine"], .needed, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--parts"], .needed, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--engine-retries"], .needed, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--engine-option"], .attached, in: [.compress, .decompress, .test], isTakenElsewhere: false),
        .init(["--report"], .needed, in: working, isTakenElsewhere: false),
        .init(["--trace"], .needed, in: working, isTakenElsewhere: false),
        .init(["--offset"], .needed, in: [.cat], isTakenElsewhere: false),
        .init(["--length"], .needed, in: [.cat], isTakenElsewhere: false),
    ]

    @Sendable private static func complaintOfSize(_ value: String) -> String? {
        ByteSize(argument: value) == nil ? "must be a size such as 64K (got \(value))" : nil
    }

    /// Checks zstd's form `min=1,max=9`.
    @Sendable private static func complaintOfAdapt(_ value: String) -> String? {
        let areKnown = value.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            return sides.count == 2 && ["min", "max"].contains(sides[0]) && Int(sides[1]) != nil
        }
        return areKnown ? nil : "must have the form min=1,max=9 (got \(value))"
    }
}

/// Options of zstd that poolmap does not support, with what to use instead.
let refusedOptions: [(prefix: String, advice: String)] = [
    ("--train", "use zstd --train to make dictionaries"),
    ("--patch-from", "use zstd --patch-from to make patches"),
    ("--show-default-cparams", "use zstd --show-default-cparams to list parameters"),
    ("-b", "use zstd -b for benchmarks"), ("-e", "use zstd -b for benchmarks"),
    ("-i", "use zstd -b for benchmarks"), ("-S", "use zstd -b for benchmarks"),
]
