import ContainerRuntime
import OCI

extension SeccompProfile {
    /// What a container may call unless it is asked otherwise: Docker's behaviour.
    ///
    /// What is not listed fails with EPERM. Beyond what any program needs, calls come with the
    /// capability that the kernel asks for them anyway, so that a kernel's mistake there is out of
    /// reach for containers without it.
    static let standard = SeccompProfile(
        base: RuntimeSpec.Seccomp(defaultAction: .errno, defaultErrnoRet: 1),
        rules: [Rule(rule: .init(names: words(everywhere), action: .allow))]
            + sockets + personalities + clones + processors + capabilities,
        architectures: [
            Family(native: .x86_64, others: [.x86, .x32]),
            Family(native: .aarch64, others: [.arm]),
        ])

    /// AF_ALG and AF_VSOCK reach the kernel's cryptography and the hypervisor, which containers
    /// share: socket(2) is allowed for every other family.
    private static let sockets: [Rule] = [
        allow("socket", when: .init(index: 0, value: 38, op: .less)),  // AF_ALG
        allow("socket", when: .init(index: 0, value: 39, op: .equal)),
        allow("socket", when: .init(index: 0, value: 40, op: .greater)),  // AF_VSOCK
    ]

    /// PER_LINUX, PER_LINUX32, both with UNAME26, and the question which it is.
    private static let personalities: [Rule] = [0, 8, 0x20000, 0x20008, 0xFFFF_FFFF].map { value in
        allow("personality", when: .init(index: 0, value: value, op: .equal))
    }

    /// New processes and threads, but no new namespaces without CAP_SYS_ADMIN.
    ///
    /// A filter cannot see the flags of clone3, which lie in memory: as if the kernel did not have
    /// it, so that C libraries fall back to clone.
    private static let clones: [Rule] = [
        Rule(
            rule: .init(
                names: ["clone"], action: .allow,
                // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
                args: [.init(index: 0, value: 0x7E02_0000, valueTwo: 0, op: .maskedEqual)]),
            excludes: Condition(capabilities: ["CAP_SYS_ADMIN"], architectures: ["s390", "s390x"])),
        Rule(
            rule: .init(names: ["clone3"], action: .errno, errnoRet: 38),  // ENOSYS
            excludes: Condition(capabilities: ["CAP_SYS_ADMIN"])),
    ]

    /// Calls that only some processors have, or only some kernels make safe.
    private static let processors: [Rule] = [
        // Before Linux 4.8 a tracer got around filters.
        Rule(
            rule: .init(
                names: words("process_vm_readv process_vm_writev ptrace"), action: .allow),
            includes: Condition(kernel: KernelVersion(major: 4, minor: 8))),
        allow(
            "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls",
            on: ["arm", "arm64"]),
        allow("arch_prctl", on: ["amd64", "x32"]),
        allow("modify_ldt", on: ["amd64", "x32", "x86"]),
    ]

    /// Calls that come with a capability.
    private static let capabilities: [Rule] = [
        allow("open_by_handle_at", with: "CAP_DAC_READ_SEARCH"),
        allow(
            """
            bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie
            lsm_get_self_attr lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount
            open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog
            umount umount2 unshare
            """, with: "CAP_SYS_ADMIN"),
        allow("reboot", with: "CAP_SYS_BOOT"),
        allow("chroot", with: "CAP_SYS_CHROOT"),
        allow("delete_module init_module finit_module", with: "CAP_SYS_MODULE"),
        allow("acct", with: "CAP_SYS_PACCT"),
        allow(
            "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace",
            with: "CAP_SYS_PTRACE"),
        allow("iopl ioperm", with: "CAP_SYS_RAWIO"),
        allow("settimeofday stime clock_settime clock_settime64", with: "CAP_SYS_TIME"),
        allow("vhangup", with: "CAP_SYS_TTY_CONFIG"),
        allow(
            "get_mempolicy mbind set_mempolicy set_mempolicy_home_node", with: "CAP_SYS_NICE"),
        allow("syslog", with: "CAP_SYSLOG"),
        allow("bpf", with: "CAP_BPF"),
        allow("perf_event_open", with: "CAP_PERFMON"),
    ]

    private static func allow(
        _ name: String, when condition: RuntimeSpec.Seccomp.Argument
    ) -> Rule {
        Rule(rule: .init(names: [name], action: .allow, args: [condition]))
    }

    private static func allow(_ names: String, on architectures: [String]) -> Rule {
        Rule(
            rule: .init(names: words(names), action: .allow),
            includes: Condition(architectures: architectures))
    }

    private static func allow(_ names: String, with capability: String) -> Rule {
        Rule(
            rule: .init(names: words(names), action: .allow),
            includes: Condition(capabilities: [capability]))
    }

    private static func words(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\n" }.map(String.init)
    }
}
