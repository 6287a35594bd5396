// swift-tools-version: 6.2

import PackageDescription

/// One-screen programs that demonstrate a library; `swift run NAME` runs one.
let examples: KeyValuePairs = [
    "ChunkedMap": ["AsyncWordCount", "CountKmers", "FilterJSONLines", "TransformCSV", "WordCount"],
    "JobServer": ["MakeTokens"],
    "Multiprocessing": [
        "Tutorial1Process", "Tutorial2PIDs", "Tutorial3Globals", "Tutorial4Pipe", "Tutorial5Queue", "Tutorial6Lock",
        "Tutorial7Pool", "Tutorial8SharedMemory", "Tutorial9Manager", "CPUCount", "Descriptors", "JoinableQueue",
        "Errors", "ListenerAndClient", "Log", "PoolAsync", "RegisteredTypes", "SharedValues", "StartMethods",
        "PoolsAndThreads", "AsyncPools",
        "LocksAndEvents",
    ],
    "SeekableZstd": ["SeekableRange"],
]

/// The example programs of the selected libraries, for a test that runs them.
func exampleDependencies(of isWanted: (String) -> Bool) -> [Target.Dependency] {
    examples.filter { isWanted($0.key) }.flatMap { library in library.value.map { .target(name: $0) } }
}

let exampleTargets: [Target] = examples.flatMap { library, names in
    names.map { name in
        .executableTarget(
            name: name,
            dependencies: [.target(name: library), .product(name: "SystemPackage", package: "swift-system")],
            path: "Examples/\(name)")
    }
}

let package = Package(
    name: "poolmap",
    products: [
        .library(name: "ChunkedMap", targets: ["ChunkedMap"]),
        .library(name: "JobServer", targets: ["JobServer"]),
        .library(name: "Multiprocessing", targets: ["Multiprocessing"]),
        .library(name: "SeekableZstd", targets: ["SeekableZstd"]),
        .executable(name: "poolmap", targets: ["poolmap"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        .target(name: "CMultiprocessing"),
        .target(
            name: "Multiprocessing",
            dependencies: [
                // For the handshake of a connection.
                "CBlake3",
                "CMultiprocessing",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),

        .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CBlake3"),
        .target(name: "CChecksums"),
        .target(name: "CFiles"),
        .target(name: "CRunReport", exclude: ["page"]),
        .target(name: "CPoolmap", dependencies: ["CFiles", "CJobServer"]),

        // The base of the command's targets: one error type, system calls, names.
        .target(
            name: "Ground",
            dependencies: ["CChecksums", "CFiles", .product(name: "SystemPackage", package: "swift-system")]
        ),

        .target(name: "CJobServer"),
        .target(
            name: "JobServer",
            dependencies: ["CJobServer", "Ground", .product(name: "SystemPackage", package: "swift-system")]
        ),

        .target(
            name: "Digests",
            dependencies: ["CBlake3", "CChecksums", "CLibcrypto", "Ground"]
        ),
        .target(name: "SeekableZstd", dependencies: ["CBlake3", "CZstd", "Ground"]),

        // Inputs, targets and their names; independent of processes and the engine.
        .target(
            name: "Files",
            dependencies: ["CChecksums", "CFiles", "Ground", .product(name: "SystemPackage", package: "swift-system")]),
        // What is told of a run: as JSON, and as a page made of the same values.
        .target(name: "RunReport", dependencies: ["CRunReport", "Files", "Ground"]),
        // Where a file is cut into chunks: bytes in, borders out.
        .target(name: "Chunks", dependencies: ["CFiles", "Ground"]),
        // A library product: maps a closure over the chunks of a file.
        .target(
            name: "ChunkedMap",
            dependencies: [
                "Chunks", "Files", "Ground", "Multiprocessing",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            // For @_lifetime, which says how long a span is valid.
            swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
        // Recovery of damaged files.
        .target(name: "Salvage", dependencies: ["Ground", "SeekableZstd"]),
        // The engine: takes jobs through a pool of workers, and puts their results back in order.
        .target(
            name: "Run",
            dependencies: [
                "CFiles", "CPoolmap", "Digests", "Files", "Ground", "JobServer", "Multiprocessing", "RunReport",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        // The operations that the engine runs, each with its cut, its work, its messages and its join.
        .target(
            name: "Operations",
            dependencies: [
                "CFiles", "CJobServer", "CPoolmap", "CZstd", "Chunks", "Digests", "Files", "Ground", "JobServer",
                "Multiprocessing", "Run",
                "Salvage", "SeekableZstd", .product(name: "SystemPackage", package: "swift-system"),
            ]),

        // Slurm's input and output as text; runs nothing.
        .target(name: "Slurm", dependencies: ["Ground"]),
        // Translates command lines into the parser's syntax; independent of commands and files.
        .target(
            name: "ArgumentSyntax",
            dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(
            name: "poolmap",
            dependencies: [
                "ArgumentSyntax",
                "CFiles",
                "CPoolmap",
                "CZstd",
                "Chunks",
                "Digests",
                "Files",
                "Ground",
                "JobServer",
                "Multiprocessing",
                "Operations",
                "Run",
                "RunReport",
                "SeekableZstd",
                "Slurm",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        // The library's side of Benchmarks/library.py.
        .executableTarget(
            name: "library-bench", dependencies: ["ChunkedMap", "Multiprocessing"], path: "Benchmarks/Library"),

        // Test runners have threads, and only a process with one thread may fork: everything that forks runs here.
        .target(name: "CScenarios", path: "Tests/CScenarios"),
        .executableTarget(
            name: "scenarios",
            dependencies: [
                "CPoolmap",
                "CScenarios",
                "ChunkedMap",
                "Digests",
                "Files",
                "Ground",
                "JobServer",
                "Multiprocessing",
                "Operations",
                "Run",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Scenarios"
        ),
        // Has variables at the top level of its main.swift.
        .executableTarget(name: "script", dependencies: ["Multiprocessing"], path: "Tests/Script"),
        .testTarget(
            name: "MultiprocessingTests",
            dependencies: ["Multiprocessing", "TestSupport", "scenarios", "script"]
                + exampleDependencies { $0 != "ChunkedMap" }),
        .testTarget(
            name: "ChunkedMapTests",
            dependencies: ["TestSupport", "poolmap", "scenarios"] + exampleDependencies { $0 == "ChunkedMap" }),
        .testTarget(name: "GroundTests", dependencies: ["CChecksums", "Ground", "TestSupport"]),
        .testTarget(name: "JobServerTests", dependencies: ["JobServer"]),
        .testTarget(name: "ArgumentSyntaxTests", dependencies: ["ArgumentSyntax"]),
        .testTarget(name: "DigestsTests", dependencies: ["CBlake3", "CChecksums", "Digests", "TestSupport"]),
        .testTarget(name: "SeekableZstdTests", dependencies: ["CZstd", "SeekableZstd", "TestSupport"]),
        .testTarget(name: "FilesTests", dependencies: ["Files", "Ground", "SeekableZstd", "TestSupport"]),
        .testTarget(name: "SlurmTests", dependencies: ["Ground", "Slurm"]),
        .testTarget(name: "SalvageTests", dependencies: ["Ground", "Salvage", "SeekableZstd", "TestSupport"]),
        .testTarget(name: "RunTests", dependencies: ["Digests", "Files", "Ground", "Multiprocessing", "Run"]),
        .testTarget(name: "RunReportTests", dependencies: ["Files", "Ground", "RunReport", "TestSupport"]),
        .testTarget(
            name: "OperationsTests",
            dependencies: [
                "CZstd", "Chunks", "Digests", "Files", "Ground", "Operations", "Run", "SeekableZstd", "TestSupport",
            ]),
        // Shared by several test targets: small files of the real tools, and random numbers.
        .target(name: "TestSupport", dependencies: ["Ground", "SeekableZstd"], path: "Tests/Support"),
    ] + exampleTargets,
    swiftLanguageModes: [.v6]
)

// Built only by scripts/fuzz.sh, since it needs libFuzzer. Only what is fuzzed is instrumented. `-assert-config Debug` keeps
// the checks of unsafe pointers, which `-O` alone would drop.
if Context.environment["POOLMAP_FUZZ"] != nil {
    let instrumented = [
        "Chunks", "Digests", "Files", "Ground", "JobServer", "Multiprocessing", "Operations", "Run", "RunReport",
        "Salvage", "SeekableZstd",
    ]
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "CMultiprocessing", "CZstd", "Digests", "Files", "Ground", "JobServer", "Multiprocessing", "Operations",
                "Run", "RunReport", "Salvage", "SeekableZstd",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/Fuzz",
            exclude: ["corpus"],
            swiftSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-assert-config", "Debug"])],
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]))
    for target in package.targets where instrumented.contains(target.name) {
        target.swiftSettings = [
            .unsafeFlags(["-enable-testing", "-sanitize=fuzzer,address", "-assert-config", "Debug"])
        ]
    }
    for target in package.targets where target.name.hasPrefix("C") && target.type == .regular {
        target.cSettings = [.unsafeFlags(["-fsanitize=address"])]
    }
}

// Warnings are errors if this is set, as in CI; elsewhere a newer compiler's new warnings must not break the build.
if Context.environment["POOLMAP_STRICT"] != nil {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
        target.cSettings = (target.cSettings ?? []) + [.enableWarning("all"), .treatAllWarnings(as: .error)]
    }
}
