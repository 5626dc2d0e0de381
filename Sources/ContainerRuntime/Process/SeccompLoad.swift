import Diagnostics
import Linux
import OCI
import SystemPackage

/// Puts the process under the system call filter: `linux.seccomp` (seccomp(2)).
///
/// Without `no_new_privs` the load needs CAP_SYS_ADMIN, so it then comes before the capabilities
/// are dropped; with it, it is the last step before the program.
struct LoadSeccompFilter: SetupStep {
    let filter: SeccompFilter

    var explanation: Explanation {
        Explanation(
            shell: "# seccomp(SECCOMP_SET_MODE_FILTER), \(filter.instructions.count) instructions",
            why: "system calls that the profile does not allow fail or kill the process",
            spec: "linux.seccomp")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do throws(SystemCallError) {
            context.seccompListener = try loadSeccompFilter(
                filter.instructions, flags: filter.flags)
        } catch  where error.errno == .permissionDenied {
            throw Problem(
                kind: .denied, what: "cannot load the seccomp filter",
                why: "that needs CAP_SYS_ADMIN or process.noNewPrivileges",
                fix: "set process.noNewPrivileges", cause: error)
        } catch {
            throw Problem(what: "cannot load the seccomp filter", refusal: error)
        }
    }
}
