/// `--security-opt`: checked here, except that files are read by the caller.
enum SecurityOption: Equatable {
    /// Goes to the engine as it is.
    case text(String)
    /// `seccomp=FILE`: the profile to read.
    case seccompProfile(path: String)
    /// `landlock=FILE`: the rules to read.
    case landlockRules(path: String)

    static func parse(_ text: String) throws(InvalidValue) -> SecurityOption {
        if text == "no-new-privileges" { return .text(text) }
        let parts = text.split(maxSplits: 1, omittingEmptySubsequences: false) {
            $0 == "=" || $0 == ":"
        }
        guard parts.count == 2 else {
            throw InvalidValue("invalid --security-opt: \"\(text)\"", fix: "write NAME=VALUE")
        }
        let value = String(parts[1])
        switch parts[0] {
        case "seccomp":
            return ["unconfined", "builtin"].contains(value)
                ? .text("seccomp=\(value)") : .seccompProfile(path: value)
        case "landlock": return .landlockRules(path: value)
        case "no-new-privileges", "writable-cgroups":
            _ = try BooleanValue.parse(value)
        case "systempaths":
            guard value == "unconfined" else {
                throw InvalidValue("invalid systempaths '\(value)'", fix: "unconfined is the one")
            }
        case "apparmor", "label": break
        default: throw InvalidValue("invalid --security-opt: \"\(text)\"")
        }
        return .text("\(parts[0])=\(value)")
    }
}
