/// The flags before the command: `kade --root /srv/kade ps`.
struct GlobalFlags {
    var dataRoot: String?
    var runRoot: String?
    var isDebug = false
    var logLevel: LogLevel?
    var printsVersion = false

    /// What is worth saying.
    var level: LogLevel { isDebug ? .debug : logLevel ?? .info }

    static var flags: [Flag<GlobalFlags>] {
        [
            .text("root", nil, "dir", "Directory for images and containers", \.dataRoot),
            .text(
                "runroot", nil, "dir", "Directory for state that ends with the machine", \.runRoot),
            .switch("debug", "D", "Enable debug mode", \.isDebug),
            .value(
                "log-level", "l", "string",
                "Set the logging level (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")",
                \.logLevel, LogLevel.parse),
            .switch("version", "v", "Print version information and quit", \.printsVersion),
        ] + remoteFlags + podmanFlags
    }

    private static var remoteFlags: [Flag<GlobalFlags>] {
        [
            .unsupported("host", "H", "list", why: remote),
            .unsupported("context", "c", "string", why: remote),
            .unsupported("connection", nil, "string", why: remote),
            .unsupported("remote", "r", nil, why: remote),
            .unsupported("url", nil, "string", why: remote),
            .unsupported("identity", nil, "string", why: remote),
            .unsupported("ssh", nil, "string", why: remote),
            .unsupported("config", nil, "string", why: "Kade has no client configuration"),
        ]
            + ["tls", "tlsverify"].map { .unsupported($0, nil, nil, why: remote) }
            + ["tlscacert", "tlscert", "tlskey"].map {
                .unsupported($0, nil, "string", why: remote)
            }
    }

    /// Those that Podman has for its parts.
    private static var podmanFlags: [Flag<GlobalFlags>] {
        let runtime = "a container's monitor is its runtime, so that Kade has this one alone"
        let configuration = "Kade has no containers.conf"
        let reasons = [
            ("cgroup-manager", "Kade writes cgroups itself"), ("conmon", runtime),
            ("events-backend", "Kade has a log of events of its own"),
            ("hooks-dir", "this version of Kade has no hooks"),
            ("imagestore", "images are below --root"), ("module", configuration),
            ("namespace", configuration),
            ("network-cmd-path", "ordinary users' networks are pasta's, which is found in PATH"),
            ("network-config-dir", "NETCONFPATH names the directory of CNI's files"),
            ("out", "redirect standard output"), ("runtime", runtime), ("runtime-flag", runtime),
            ("storage-driver", "KADE_STORAGE_DRIVER says how roots are made of layers"),
            ("storage-opt", "KADE_SNAPSHOTTER says how layers are kept"),
            ("tmpdir", "--runroot names the directory"), ("volumepath", "volumes are below --root"),
        ]
        let switches = [
            ("noout", "redirect standard output"), ("syslog", "Kade has no log of its own"),
            ("transient-store", "Kade writes containers to the disk"),
        ]
        return reasons.map { .unsupported($0.0, nil, "string", why: $0.1) }
            + switches.map { .unsupported($0.0, nil, nil, why: $0.1) }
    }

    private static let remote = "Kade has no daemon to connect to: it works on this machine"
}

/// How much Kade says; every level contains those after it.
enum LogLevel: Int, Comparable, CaseIterable {
    case debug, info, warn, error, fatal

    static func parse(_ text: String) throws(InvalidValue) -> LogLevel {
        for level in allCases where "\(level)" == text { return level }
        throw InvalidValue(
            "'\(text)' is no level", fix: "use debug, info, warn, error or fatal")
    }

    static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}
