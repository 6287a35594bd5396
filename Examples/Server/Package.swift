// swift-tools-version: 6.2

import PackageDescription

// A separate package, so that users of the library do not fetch a web framework.
let package = Package(
    name: "server",
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(name: "poolmap", path: "../.."),
    ],
    targets: [
        .executableTarget(
            name: "Server",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Multiprocessing", package: "poolmap"),
            ],
            path: "Sources")
    ],
    swiftLanguageModes: [.v6]
)

// As in the package above.
if Context.environment["POOLMAP_STRICT"] != nil {
    for target in package.targets {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
