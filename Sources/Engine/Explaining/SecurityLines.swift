import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The system call filter, security modules, and privileges that cannot be gained.
extension ContainerExplainer {
    func seccompLines() -> [ExplainedLine] {
        let command = process.map { "grep Seccomp /proc/\($0.pid)/status" } ?? "man 2 seccomp"
        let profile = spec.linux?.seccomp
        let mode = process?.details["Seccomp"].map { mode in
            let count = process?.details["Seccomp_filters"].map { ", \($0) in a row" } ?? ""
            return mode == "2" ? "a filter\(count)" : mode == "0" ? "none" : "strict"
        }
        var lines = [
            ExplainedLine(
                "filter", declared: profile == nil ? "none" : "a profile", effective: mode,
                why: "a program in the kernel that looks at each system call before it happens",
                origin: seccompOrigin, command: command)
        ]
        guard let profile else { return lines }
        let summary = SeccompSummary(of: profile)
        let fates = summary.calls.sorted { Self.words($0.key).name < Self.words($1.key).name }
        for (fate, names) in fates where fate != .always(.allow) {
            let words = Self.words(fate)
            lines.append(
                ExplainedLine(
                    "\(words.name) (\(names.count))",
                    declared: names.joined(separator: " "), why: words.why,
                    origin: seccompOrigin,
                    command: command))
        }
        let allowed = summary.calls[.always(.allow)]?.count ?? 0
        lines.append(
            ExplainedLine(
                "allowed (\(allowed))", declared: "all others", why: "these calls just happen",
                origin: seccompOrigin, command: command))
        return lines
    }

    private static func words(
        _ fate: SeccompSummary.Fate
    ) -> (name: String, why: String) {
        switch fate {
        case .depends: ("arguments decide", "allowed with some arguments, refused with others")
        case .unknown:
            ("unknown", "newer than the profile: ENOSYS, so that programs fall back to older calls")
        case .always(let action):
            switch action {
            case .errno: ("denied", "the call fails, as a rule with EPERM, and nothing happens")
            case .kill, .killThread: ("kills the thread", "whoever calls it ends at once")
            case .killProcess: ("kills the process", "whoever calls it ends at once, by SIGSYS")
            case .trap: ("SIGSYS", "whoever calls it gets a signal in its place")
            case .trace: ("asks a tracer", "a debugger decides; without one it is ENOSYS")
            case .log: ("allowed and logged", "it happens, and the kernel's log says so")
            case .notify: ("asks an agent", "another process decides")
            case .allow: ("allowed", "these calls just happen")
            }
        }
    }

    private var seccompOrigin: String {
        let option = request.security.options.first { $0.hasPrefix("seccomp") }
        if let option {
            return option.utf8.count < 40
                ? "--security-opt \(option)" : "--security-opt seccomp=FILE"
        }
        return request.security.isPrivileged
            ? "--privileged" : "default (--security-opt seccomp=builtin)"
    }

    func securityLines() throws(Problem) -> [ExplainedLine] {
        let options = request.security.options
        let declared = spec.process?.noNewPrivileges ?? false
        var lines = [
            ExplainedLine(
                "no_new_privs", declared: declared ? "yes" : "no",
                effective: process?.details["NoNewPrivs"].map { $0 == "1" ? "yes" : "no" },
                why: "whether set-user-ID programs and file capabilities grant nothing",
                origin: options.contains { $0.hasPrefix("no-new-privileges") }
                    ? "--security-opt no-new-privileges"
                    : "default (--security-opt no-new-privileges)",
                command: process.map { "grep NoNewPrivs /proc/\($0.pid)/status" }
                    ?? "setpriv --no-new-privs")
        ]
        let profile = spec.process?.apparmorProfile ?? spec.process?.selinuxLabel
        let label = try securityLabel()
        lines.append(
            ExplainedLine(
                "label", declared: profile ?? "none",
                effective: process.map { _ in label ?? "none: no such module is switched on" },
                why: "what AppArmor or SELinux let it do beside all else",
                origin: options.first { $0.hasPrefix("apparmor") || $0.hasPrefix("label") }
                    .map { "--security-opt \($0)" } ?? "default",
                command: label.flatMap { _ in process?.show("attr/current") }
                    ?? "ls /sys/kernel/security"))
        lines.append(
            ExplainedLine(
                "privileged", declared: request.security.isPrivileged ? "yes" : "no",
                why: "all capabilities and devices, no filter, nothing hidden",
                origin: request.security.isPrivileged ? "--privileged" : "default (--privileged)",
                command: "kade inspect -f '{{.HostConfig.Privileged}}' \(record.name)"))
        return lines
    }

    /// The process's label; nil where the kernel has no such module, and says EINVAL.
    private func securityLabel() throws(Problem) -> String? {
        guard let process else { return nil }
        do throws(SystemCallError) {
            let text = try File.readText(FilePath("/proc/\(process.pid)/attr/current"))
            let label = text.prefix { $0 != "\n" && $0 != "\0" }
            return label.isEmpty ? "none" : String(label)
        } catch  where [.invalidArgument, .noSuchFileOrDirectory].contains(error.errno) {
            return nil
        } catch {
            throw Problem(
                what: "cannot read the security label of process \(process.pid)", refusal: error)
        }
    }
}
