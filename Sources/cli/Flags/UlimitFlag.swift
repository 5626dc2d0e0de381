import Engine

/// `--ulimit NAME=SOFT[:HARD]`, the limits of `getrlimit(2)` (go-units' ParseUlimit).
enum UlimitFlag {
    /// The names that the kernel knows, without RLIMIT_.
    static let names: Set<String> = [
        "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc",
        "rss", "rtprio", "rttime", "sigpending", "stack",
    ]

    static func parse(_ text: String) throws(InvalidValue) -> ProcessLimit {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw InvalidValue("invalid ulimit argument: \(text)", fix: "write NAME=SOFT[:HARD]")
        }
        let name = parts[0].lowercased()
        guard names.contains(name) else {
            throw InvalidValue(
                "invalid ulimit type: \(parts[0])",
                fix: "one of \(names.sorted().joined(separator: ", "))")
        }
        let values = parts[1].split(separator: ":", omittingEmptySubsequences: false)
        guard values.count <= 2 else {
            throw InvalidValue(
                "too many limit value arguments - \(parts[1]), "
                    + "can only have up to two, `soft[:hard]`")
        }
        let soft = try limit(values[0])
        let hard = try limit(values[values.count - 1])
        guard hard == -1 || soft != -1 && soft <= hard else {
            throw InvalidValue(
                "ulimit soft limit must be less than or equal to hard limit: \(soft) > \(hard)")
        }
        return ProcessLimit(name: name, soft: soft, hard: hard)
    }

    /// One value; −1 and `unlimited` mean without limit.
    private static func limit(_ text: Substring) throws(InvalidValue) -> Int64 {
        if text == "unlimited" { return -1 }
        guard let value = Int64(text), value >= -1 else {
            throw InvalidValue("'\(text)' is not a limit", fix: "a whole number, or -1")
        }
        return value
    }
}
