import Diagnostics
import Linux
import OCI
import SystemPackage

/// No gain of privileges by `execve(2)`: `process.noNewPrivileges` (`PR_SET_NO_NEW_PRIVS`).
struct ForbidNewPrivileges: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "setpriv --no-new-privs",
            why: "set-user-ID programs and file capabilities grant nothing inside",
            spec: "process.noNewPrivileges")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot forbid new privileges") { () throws(SystemCallError) in
            try setNoNewPrivileges()
        }
    }
}

/// Keeps processes of the container from this one while it is still the runtime (`PR_SET_DUMPABLE`).
///
/// In a PID namespace that it shares, with the same user and capabilities, they could reach the
/// host by `/proc/<pid>/fd` and change its memory, for as long as the container is only created.
struct ForbidInspection: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "# prctl(PR_SET_DUMPABLE, 0)",
            why: "what the runtime has open is out of the container's reach", spec: "")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot forbid inspection") { () throws(SystemCallError) in
            try forbidInspection()
        }
    }
}

/// The AppArmor profile or SELinux label of the program: `process.apparmorProfile`,
/// `process.selinuxLabel` (`/proc/self/attr/exec`).
struct SetSecurityLabel: SetupStep {
    enum Module: String {
        case appArmor = "AppArmor profile"
        case seLinux = "SELinux label"
    }

    let module: Module
    let label: String

    var explanation: Explanation {
        Explanation(
            shell: module == .appArmor
                ? "aa-exec -p \(label) -- …" : "runcon \(label) -- …",
            why: "the \(module.rawValue) that confines the program",
            spec: module == .appArmor ? "process.apparmorProfile" : "process.selinuxLabel")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        let text = module == .appArmor ? "exec \(label)" : label
        do throws(SystemCallError) {
            try write(text, context)
        } catch {
            throw Problem(
                what: "cannot set the \(module.rawValue) \(label)", refusal: error,
                fix: "load it on the host first")
        }
    }

    /// Beside another module AppArmor has a directory of its own (Linux 5.8).
    private func write(_ text: String, _ context: borrowing SetupContext) throws(SystemCallError) {
        guard module == .appArmor else {
            return try context.openProc("self/attr/exec", .writeOnly).writeAll(text)
        }
        do throws(SystemCallError) {
            try context.openProc("self/attr/apparmor/exec", .writeOnly).writeAll(text)
        } catch  where error.errno == .noSuchFileOrDirectory {
            try context.openProc("self/attr/exec", .writeOnly).writeAll(text)
        }
    }
}

/// A session keyring for the container alone (keyrings(7)), so that it sees no key of the host.
struct JoinSessionKeyring: SetupStep {
    let name: String

    var explanation: Explanation {
        Explanation(
            shell: "keyctl session \(name)",
            why: "the container sees no key of the user who started it", spec: "--no-new-keyring")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do throws(SystemCallError) {
            try joinSessionKeyring(named: name)
        } catch  where error.errno == .noFunction {
            context.warn("no session keyring: this kernel has no keyrings")
        } catch  where error.errno == .diskQuotaExceeded {
            context.warn("no session keyring: the user's quota of keys is used up")
        } catch {
            throw Problem(
                what: "cannot make a session keyring", refusal: error, fix: "use --no-new-keyring")
        }
    }
}
