import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// `kade-runtime features`: what this runtime can do (runtime-spec, features.md).
enum FeaturesCommand {
    static func run(_ arguments: [String]) throws(Problem) -> CInt {
        let parsed = try ParsedArguments(arguments, options: [], stopsAtOperand: false)
        try parsed.requireOperands(0...0, of: "features")
        let text = features.json(.indented(spaces: 4))
        print(String(decoding: text, as: UTF8.self))
        return 0
    }

    private static var features: JSONValue {
        [
            "ociVersionMin": "1.0.0",
            "ociVersionMax": .string(RuntimeVersion.spec),
            "hooks": .array(HookKind.allCases.map { .string($0.rawValue) }),
            "mountOptions": .array(MountOptions.names.map { .string($0) }),
            "linux": [
                "namespaces": .array(
                    NamespaceKind.allCases.map { .string($0.rawValue) }.sorted {
                        ($0.string ?? "") < ($1.string ?? "")
                    }),
                "capabilities": .array(Capability.allCases.map { .string($0.name) }),
                "cgroup": [
                    "v1": true, "v2": true, "systemd": true, "systemdUser": true, "rdma": true,
                ],
                "seccomp": seccomp,
                "apparmor": ["enabled": true],
                "selinux": ["enabled": true],
                "intelRdt": ["enabled": true, "schemata": true, "monitoring": true],
                "memoryPolicy": [
                    "modes": names(RuntimeSpec.MemoryPolicy.Mode.allCases),
                    "flags": names(RuntimeSpec.MemoryPolicy.Flag.allCases),
                ],
                "mountExtensions": ["idmap": ["enabled": true]],
                "netDevices": ["enabled": true],
            ],
            // They reach what the container's own limits do not keep from it.
            "potentiallyUnsafeConfigAnnotations": .array(
                ActingAnnotation.unsafe.map { .string($0) }),
            "annotations": [
                "org.opencontainers.runtime-spec.features": "kade-runtime",
                // The annotation is read, and this is the newest version of the kernel's
                // interface whose members it can have.
                LandlockPlan.annotation: "7",
            ],
        ]
    }

    private static var seccomp: JSONValue {
        [
            "enabled": true,
            "actions": names(RuntimeSpec.Seccomp.Action.allCases),
            "operators": names(RuntimeSpec.Seccomp.Argument.Operator.allCases),
            "archs": .array(
                RuntimeSpec.Seccomp.Architecture.allCases
                    .filter { SyscallArchitecture($0) != nil }.map { .string($0.rawValue) }),
            "knownFlags": names(RuntimeSpec.Seccomp.Flag.allCases),
            "supportedFlags": names(RuntimeSpec.Seccomp.Flag.allCases),
        ]
    }

    private static func names(_ cases: [some JSONStringEnum]) -> JSONValue {
        .array(cases.map { .string("\($0.rawValue)") })
    }
}
