package import Diagnostics
package import Linux
package import OCI

/// The system call filter: `linux.seccomp` (config-linux.md § Seccomp) as a program for seccomp(2).
///
/// The program finds the architecture, then the call's number in a binary search over ranges with
/// one verdict, and only for calls whose rules ask for it looks at arguments. Its verdicts are those
/// of the filters that runc loads: of the rules for a call the first without conditions decides
/// whatever stands before or after it, else the first whose conditions hold; names that no kernel
/// knows are skipped; calls beyond the last that the profile names fail with ENOSYS, so that
/// programs fall back from calls that are newer than the profile.
package struct SeccompFilter: Sendable, Equatable {
    /// The program, one `struct sock_filter` each.
    package let instructions: [UInt64]
    /// How it is loaded.
    package let flags: SeccompLoadFlags

    /// Whether loading it yields a descriptor for the process behind `listenerPath`.
    package var hasListener: Bool { flags.contains(.newListener) }

    /// Compiles a filter.
    ///
    /// - Parameters:
    ///   - seccomp: the specification's section.
    ///   - native: the architecture of the kernel.
    /// - Throws: `.invalid` for a section that contradicts itself, `.exhausted` for a filter that
    ///   is too long for the kernel.
    package init(
        compiling seccomp: RuntimeSpec.Seccomp, native: SyscallArchitecture = .native
    ) throws(Problem) {
        flags = try Self.loadFlags(of: seccomp)
        let compiler = try SeccompCompiler(seccomp, native: native)
        instructions = compiler.instructions
        guard instructions.count <= Self.maximumLength else {
            throw Problem(
                kind: .exhausted, what: "cannot load the seccomp filter",
                why: "it has \(instructions.count) instructions, the kernel takes "
                    + "\(Self.maximumLength)",
                fix: "use fewer rules with conditions on arguments")
        }
    }

    /// `BPF_MAXINSNS`.
    private static let maximumLength = 4096

    private static func loadFlags(
        of seccomp: RuntimeSpec.Seccomp
    ) throws(Problem) -> SeccompLoadFlags {
        var flags = SeccompLoadFlags(rawValue: 0)
        for flag in seccomp.flags {
            switch flag {
            case .log: flags.insert(.log)
            case .allowSpeculation: flags.insert(.allowSpeculation)
            case .waitKillable: flags.insert(.waitKillable)
            case .threadSync: break  // the one thread there is gets the filter
            }
        }
        if try usesListener(seccomp) { flags.insert(.newListener) }
        guard !flags.contains(.waitKillable) || flags.contains(.newListener) else {
            throw Problem(
                kind: .invalid, what: "cannot use linux.seccomp.flags",
                why: "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with SCMP_ACT_NOTIFY")
        }
        return flags
    }

    /// Whether a rule notifies, and whether what is needed for that is there.
    private static func usesListener(_ seccomp: RuntimeSpec.Seccomp) throws(Problem) -> Bool {
        guard seccomp.defaultAction != .notify else {
            throw Problem(
                kind: .unsupported, what: "cannot use linux.seccomp.defaultAction",
                why: "with SCMP_ACT_NOTIFY as the default the listener cannot be handed over")
        }
        let rules = seccomp.syscalls.filter { $0.action == .notify }
        guard !rules.isEmpty else { return false }
        for name in ["write", "sendmsg"] where rules.contains(where: { $0.names.contains(name) }) {
            throw Problem(
                kind: .unsupported, what: "SCMP_ACT_NOTIFY cannot be used for the \(name) syscall",
                why: "the container's first process needs it to hand the listener over")
        }
        guard seccomp.listenerPath != nil else {
            throw Problem(
                kind: .invalid, what: "cannot use SCMP_ACT_NOTIFY",
                why: "linux.seccomp.listenerPath does not say who is notified")
        }
        return true
    }
}
