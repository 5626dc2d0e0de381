import Engine

/// The namespace flags of `run`: who shares what with whom.
enum NamespaceFlags {
    /// `--pid host|container:NAME`.
    static func parsePID(_ text: String) throws(InvalidValue) -> NamespaceMode {
        try parse(text, words: ["private", ""], flag: "PID")
    }

    /// `--uts host`.
    static func parseUTS(_ text: String) throws(InvalidValue) -> NamespaceMode {
        try parse(text, words: ["private", ""], flag: "UTS")
    }

    /// `--cgroupns host|private`.
    static func parseCgroup(_ text: String) throws(InvalidValue) -> NamespaceMode? {
        switch text {
        case "": nil
        case "host": .host
        case "private": .isolated
        default: throw InvalidValue("invalid CGROUP mode: \(text)", fix: "host or private")
        }
    }

    /// `--ipc none|private|shareable|host|container:NAME`.
    static func parseIPC(_ text: String) throws(InvalidValue) -> IPCMode {
        switch text {
        case "shareable": return .shareable
        case "", "private": return .isolated
        case "none": return .none
        case "host": return .host
        default:
            guard let name = container(in: text) else {
                throw InvalidValue(
                    "invalid IPC mode: \(text)",
                    fix: "none, private, shareable, host or container:NAME")
            }
            return .container(name)
        }
    }

    private static func parse(
        _ text: String, words: Set<String>, flag: String
    ) throws(InvalidValue) -> NamespaceMode {
        if words.contains(text) { return .isolated }
        if text == "host" { return .host }
        if flag == "PID", let name = container(in: text) { return .container(name) }
        throw InvalidValue(
            "invalid \(flag) mode: \(text)",
            fix: flag == "PID" ? "private, host or container:NAME" : "private or host")
    }

    private static func container(in text: String) -> String? {
        let prefix = "container:"
        guard text.hasPrefix(prefix), text.count > prefix.count else { return nil }
        return String(text.dropFirst(prefix.count))
    }
}
