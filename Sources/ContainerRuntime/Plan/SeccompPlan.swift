import Diagnostics
import OCI

/// When the system call filter is loaded: `linux.seccomp`.
///
/// Without `no_new_privs` the kernel wants CAP_SYS_ADMIN for it, so that it comes before the
/// program's identity; with it, it comes last, so that it need not allow what a setup needs.
struct SeccompPlan {
    /// Steps before the identity.
    var early: [any SetupStep] = []
    /// Steps right before the program.
    var late: [any SetupStep] = []

    init(
        _ seccomp: RuntimeSpec.Seccomp?, process: RuntimeSpec.Process, state: ContainerState?
    ) throws(Problem) {
        guard let seccomp else { return }
        _ = seccomp
        throw Problem(
            kind: .unsupported, what: "linux.seccomp is set", why: "this build cannot filter",
            fix: "remove it")
    }
}
