import OCI

/// An OCI runtime that a test runs: Kade's, and others that prove the test.
enum RuntimeUnderTest: String, CaseIterable, Sendable {
    case kade, runc, crun

    /// What is executed.
    var command: [String] {
        switch self {
        case .kade: [BuiltProgram.path("kade-runtime")]
        case .runc: ["runc"]
        // It takes a hybrid machine for one of version 2 unless that hierarchy is out of sight.
        case .crun:
            [
                "unshare", "--mount", "--propagation", "private", "sh", "-c",
                "umount /sys/fs/cgroup/unified 2> /dev/null; exec crun \"$@\"", "sh",
            ]
        }
    }

    /// Whether the machine has it.
    var isInstalled: Bool {
        self == .kade || (try? Tool.run("which", rawValue).exitCode) == 0
    }

    /// Makes a specification one that the runtime reads: crun of Debian 12 knows 1.0 only.
    func adapt(_ spec: inout RuntimeSpec) {
        if self != .kade { spec.ociVersion = "1.0.2" }
    }
}
