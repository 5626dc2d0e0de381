// swift-tools-version: 6.2

import PackageDescription

/// Settings of every Swift target: the coming language's stricter rules, and no warnings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// For tests that wait for programs: to optimise their code takes longer than all they compute.
let unoptimised: [SwiftSetting] = [
    .unsafeFlags(["-Onone"], .when(configuration: .release))
]

/// The modules of programs that somebody waits for also get their types ready before they start.
///
/// By default each generic type, such as an array of something, is looked up by its name when it is
/// first used: a quarter of what the runtime computes for a container, and a tenth of `kade exec`. And each function gets a
/// section, so that the linker can arrange them, and keeps its name, which LLVM's merging takes.
let lean: [SwiftSetting] =
    strict + [
        .unsafeFlags(
            [
                "-prespecialize-generic-metadata",
                "-disable-concrete-type-metadata-mangled-name-accessors", "-function-sections",
                "-disable-llvm-merge-functions-pass",
            ].flatMap { ["-Xfrontend", $0] }, .when(configuration: .release))
    ]

/// The runtime: no dynamic linker, ready in a millisecond.
///
/// Functions that a start needs lie side by side (Scripts/function-order, functions.ld); that takes
/// LLVM's linker.
let fullyStatic: [LinkerSetting] = [
    .unsafeFlags([
        "-static-executable", "-use-ld=lld", "-Xlinker", "--no-warn-symbol-ordering", "-Xlinker",
        "--symbol-ordering-file=\(Context.packageDirectory)/Sources/CEntry/functions.order",
        "-Xlinker", "\(Context.packageDirectory)/Sources/CEntry/functions.ld",
    ])
]

/// The program's first instructions: ours on the processors that Sources/CEntry knows.
#if arch(x86_64)
    let ownEntry: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "--entry=kade_entry"])]
#else
    let ownEntry: [LinkerSetting] = []
#endif

/// What Foundation's static libraries need, which name each other only for dynamic linking.
func linking(_ libraries: [String]) -> [String] {
    ["-Xlinker", "--start-group"] + libraries.map { "-l\($0)" }
        + ["-Xlinker", "--end-group", "-lstdc++", "-lm"]
}

/// `kade` is as static as the lean programs; swift-crypto brings the small half of Foundation.
let fullyStaticWithEssentials: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-executable"]
            + linking(["FoundationEssentials", "_FoundationCShims", "_FoundationCollections"]))
]

/// `kade-server` links Swift statically and C libraries dynamically (ARCHITECTURE.md §4).
let staticSwift: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib"]
            + linking([
                "Foundation", "CoreFoundation", "FoundationInternationalization",
                "FoundationEssentials", "_FoundationICU", "_FoundationCShims",
                "_FoundationCollections", "BlocksRuntime", "dispatch", "swiftDispatch",
            ]))
]

let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

let package = Package(
    name: "kade",
    products: [
        .executable(name: "kade", targets: ["kade"]),
        .executable(name: "kade-runtime", targets: ["runtime"]),
        .executable(name: "kade-server", targets: ["server"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-certificates.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", from: "1.1.0"),
    ],
    targets: [
        // Level 0
        .target(name: "CLinux"),
        .target(name: "CEntry", exclude: ["functions.ld", "functions.order"]),
        .target(name: "Diagnostics", swiftSettings: lean),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CISAL", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CLZMA", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
        .systemLibrary(name: "CBZip2", providers: [.apt(["libbz2-dev"])]),
        // Level 1
        .target(name: "OCI", dependencies: ["Diagnostics", system], swiftSettings: lean),
        .target(
            name: "Linux", dependencies: ["CLinux", "Diagnostics", system], swiftSettings: lean),
        // Level 2
        .target(
            name: "ContainerRuntime",
            dependencies: ["CLinux", "Diagnostics", "OCI", "Linux", system],
            swiftSettings: lean),
        .target(
            name: "Networking",
            dependencies: ["Diagnostics", "OCI", "Linux", system],
            swiftSettings: lean),
        .target(
            name: "Storage",
            dependencies: [
                "Diagnostics", "OCI", "Linux", system,
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: lean),
        // Level 3
        .target(
            name: "Unpacking",
            dependencies: [
                "Diagnostics", "OCI", "Linux", "Storage", "CBZip2", "CISAL", "CLZMA", "CZstd",
                system,
            ],
            swiftSettings: strict),
        // Level 4
        .target(
            name: "Registry",
            dependencies: [
                "Diagnostics", "OCI", "Linux", "Storage", "Unpacking", system,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            swiftSettings: strict),
        .target(
            name: "Engine",
            dependencies: [
                "Diagnostics", "OCI", "Linux", "ContainerRuntime", "Networking", "Storage",
                "CSQLite", system,
            ],
            swiftSettings: lean),
        // Level 5
        .target(
            name: "Build",
            dependencies: ["Diagnostics", "OCI", "Linux", "Storage", "Engine", system],
            swiftSettings: lean),
        .target(
            name: "RegistryServer",
            dependencies: [
                "Diagnostics", "OCI", "Linux", "Storage", "Registry", "CCrypt", system,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        // Level 7: programs
        .target(
            name: "cli",
            dependencies: ["Diagnostics", "OCI", "Linux", "Networking", "Engine", "Build", system],
            swiftSettings: lean),
        .executableTarget(
            name: "kade", dependencies: ["cli"], swiftSettings: lean,
            linkerSettings: fullyStaticWithEssentials),
        .executableTarget(
            name: "runtime",
            dependencies: [
                "CEntry", "Diagnostics", "OCI", "Linux", "ContainerRuntime", "Networking", system,
            ],
            swiftSettings: lean, linkerSettings: fullyStatic + ownEntry),
        .executableTarget(
            name: "server",
            dependencies: [
                "Diagnostics", "OCI", "Linux", "Storage", "Unpacking", "Registry",
                "RegistryServer", system,
            ],
            swiftSettings: strict, linkerSettings: staticSwift),
        // Tests
        .testTarget(
            name: "RegistryTests",
            dependencies: [
                "Diagnostics", "Fuzz", "OCI", "Registry", "Storage", system,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RegistryServerTests",
            dependencies: [
                "Diagnostics", "OCI", "Registry", "RegistryServer", system,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DiagnosticsTests", dependencies: ["Diagnostics"], swiftSettings: strict),
        .testTarget(
            name: "ContainerRuntimeTests",
            dependencies: ["ContainerRuntime", "Diagnostics", "Fuzz", "Linux", "OCI", system],
            swiftSettings: strict),
        .testTarget(
            name: "NetworkingTests",
            dependencies: ["Diagnostics", "Fuzz", "Linux", "Networking", "OCI", system],
            swiftSettings: strict),
        .testTarget(
            name: "StorageTests", dependencies: ["Diagnostics", "OCI", "Linux", "Storage", system],
            swiftSettings: strict),
        .testTarget(
            name: "UnpackingTests",
            dependencies: [
                "Diagnostics", "Fuzz", "OCI", "Linux", "Storage", "Unpacking", system,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "LinuxTests", dependencies: ["Diagnostics", "Linux", system],
            swiftSettings: strict),
        .testTarget(
            name: "Integration",
            dependencies: [
                "Diagnostics", "OCI", "Linux", "ContainerRuntime", "Networking", "SeccompOracle",
                "Storage", "Unpacking", system,
            ],
            swiftSettings: strict + unoptimised),
        .testTarget(
            name: "cliTests",
            dependencies: ["cli", "Diagnostics", "Engine", "Linux", "Networking", "OCI"],
            swiftSettings: strict),
        .testTarget(
            name: "BuildTests", dependencies: ["Build", "Diagnostics", "Fuzz", "OCI", "Storage"],
            swiftSettings: strict),
        .testTarget(
            name: "OCITests", dependencies: ["Diagnostics", "Fuzz", "OCI"], swiftSettings: strict),
        // What damaged inputs are made of, for unit tests and for `make fuzz`.
        .target(
            name: "Fuzz",
            dependencies: ["ContainerRuntime", "Diagnostics", "Linux", "OCI", system],
            path: "Tests/Fuzz", swiftSettings: strict),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "ContainerRuntime", "Diagnostics", "Engine", "Linux", "Networking", "OCI",
                "Storage", system,
            ],
            swiftSettings: strict),
        // libseccomp is the oracle for our own filters.
        .systemLibrary(name: "CSeccomp", path: "Tests/CSeccomp", pkgConfig: "libseccomp"),
        .target(
            name: "SeccompOracle", dependencies: ["CSeccomp", "ContainerRuntime", "OCI"],
            path: "Tests/SeccompOracle", swiftSettings: strict),
        .testTarget(
            name: "SeccompTests",
            dependencies: [
                "ContainerRuntime", "Diagnostics", "Engine", "Linux", "OCI", "SeccompOracle",
                system,
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
