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
            .unsupported("host", "H", "list", why: remote),
            .unsupported("context", "c", "string", why: remote),
            .unsupported("config", nil, "string", why: "Kade has no client configuration"),
        ]
            + ["tls", "tlsverify"].map { .unsupported($0, nil, nil, why: remote) }
            + ["tlscacert", "tlscert", "tlskey"].map {
                .unsupported($0, nil, "string", why: remote)
            }
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
