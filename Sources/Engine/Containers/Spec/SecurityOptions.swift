import Diagnostics
import OCI

/// The `--security-opt` of a container, understood.
struct SecurityOptions: Sendable, Equatable {
    var hasNoNewPrivileges = false
    var areSystemPathsUnconfined = false
    var hasWritableCgroups = false
    /// `unconfined`, `builtin`, or a profile's JSON; nil is `builtin`.
    var seccompText: String?
    /// The profile's name or `unconfined`.
    var appArmor: String?
    /// The JSON of `RuntimeSpec.Landlock`.
    var landlockText: String?

    /// Reads the options, each `name`, `name=value` or (as Docker still takes it) `name:value`.
    init(_ options: [String]) throws(Problem) {
        for option in options {
            let index = option.firstIndex { $0 == "=" || $0 == ":" }
            let name = index.map { String(option[..<$0]) } ?? option
            let value = index.map { String(option[option.index(after: $0)...]) }
            try read(name, value, option)
        }
    }

    private mutating func read(
        _ name: String, _ value: String?, _ option: String
    ) throws(Problem) {
        switch (name, value) {
        case ("no-new-privileges", nil), ("no-new-privileges", "true"): hasNoNewPrivileges = true
        case ("no-new-privileges", "false"): hasNoNewPrivileges = false
        case ("systempaths", "unconfined"): areSystemPathsUnconfined = true
        case ("writable-cgroups", nil), ("writable-cgroups", "true"): hasWritableCgroups = true
        case ("writable-cgroups", "false"): hasWritableCgroups = false
        case ("seccomp", let text?): seccompText = text
        case ("apparmor", let text?): appArmor = text
        case ("landlock", let text?): landlockText = text
        case ("label", "disable"): break  // nothing is labelled
        case ("label", _):
            throw Problem(
                kind: .unsupported, what: "cannot use --security-opt \(option)",
                why: "SELinux labels are not supported yet")
        default:
            throw Problem(
                kind: .invalid, what: "invalid --security-opt: \"\(option)\"",
                why: "there is no such option",
                fix: "known are no-new-privileges, seccomp=, apparmor=, landlock=, "
                    + "systempaths=unconfined, writable-cgroups= and label=disable")
        }
    }

    /// The AppArmor profile of the process, or nil.
    func appArmorProfile(on host: SpecHost) throws(Problem) -> String? {
        guard let appArmor, appArmor != "unconfined" else { return nil }
        guard host.isAppArmorEnabled else {
            throw Problem(
                kind: .unsupported, what: "cannot use AppArmor profile \(appArmor)",
                why: "AppArmor is not enabled on this machine")
        }
        return appArmor
    }

    /// The seccomp filter: the default profile unless the options or `--privileged` say otherwise.
    func seccomp(
        isPrivileged: Bool, capabilities: [String]
    ) throws(Problem) -> RuntimeSpec.Seccomp? {
        switch seccompText {
        case "unconfined": return nil
        case nil: return isPrivileged ? nil : defaultSeccompProfile(capabilities)
        case "builtin": return defaultSeccompProfile(capabilities)
        case let json?: return try customSeccompProfile(json, capabilities)
        }
    }
}
