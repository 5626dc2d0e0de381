import ContainerRuntime
import Diagnostics
import OCI
import Testing

@testable import Engine

@Suite struct DefaultSeccompProfileTests {
    @Test(arguments: [
        ("CAP_SYS_ADMIN", ["mount", "bpf", "unshare", "setns", "clone3", "perf_event_open"]),
        ("CAP_BPF", ["bpf"]), ("CAP_PERFMON", ["perf_event_open"]),
        ("CAP_SYS_CHROOT", ["chroot"]), ("CAP_SYS_TIME", ["clock_settime"]),
        ("CAP_SYS_MODULE", ["init_module", "finit_module"]), ("CAP_SYSLOG", ["syslog"]),
        ("CAP_DAC_READ_SEARCH", ["open_by_handle_at"]), ("CAP_SYS_PTRACE", ["kcmp"]),
        ("CAP_SYS_NICE", ["mbind"]), ("CAP_SYS_BOOT", ["reboot"]),
    ])
    func `a capability brings its calls`(capability: String, names: [String]) {
        let without = SeccompProfile.standard.resolved(for: target())
        let with = SeccompProfile.standard.resolved(for: target([capability]))
        for name in names {
            #expect(!allowed(name, by: without), "\(name)")
            #expect(allowed(name, by: with), "\(name)")
        }
    }

    @Test func `new namespaces are for CAP_SYS_ADMIN alone`() {
        let without = SeccompProfile.standard.resolved(for: target())
        let clone = without.syscalls.filter { $0.names == ["clone"] }
        #expect(clone.map(\.args.first?.op) == [.maskedEqual])
        #expect(clone.first?.args.first?.value == 0x7E02_0000)
        let clone3 = without.syscalls.first { $0.names.contains("clone3") }
        #expect(clone3?.action == .errno)
        #expect(clone3?.errnoRet == 38)
        let with = SeccompProfile.standard.resolved(for: target(["CAP_SYS_ADMIN"]))
        #expect(allowed("clone", by: with))
        #expect(!with.syscalls.contains { $0.action == .errno })
    }

    @Test func `io_uring, keyrings and the like stay out of reach`() {
        let profile = SeccompProfile.standard.resolved(
            for: target(["CAP_SYS_ADMIN", "CAP_BPF", "CAP_SYS_PTRACE"]))
        for name in [
            "io_uring_setup", "io_uring_enter", "io_uring_register", "add_key", "request_key",
            "keyctl", "userfaultfd", "kexec_load", "kexec_file_load", "swapon", "swapoff",
            "nfsservctl", "uselib", "pivot_root", "move_pages",
        ] {
            #expect(!profile.syscalls.contains { $0.names.contains(name) }, "\(name)")
        }
    }

    @Test func `every call of the profile is one that a kernel has`() {
        for name in SeccompProfile.standard.rules.flatMap(\.rule.names)
        where !["fstatat64", "riscv_hwprobe", "sync_file_range2"].contains(name) {
            #expect(SyscallTable.shared.entry(named: name) != nil, "\(name)")
        }
    }

    @Test func `the processor and the kernel decide with`() {
        let old = SeccompProfile.standard.resolved(
            for: target(kernel: KernelVersion(major: 4, minor: 7)))
        #expect(!allowed("ptrace", by: old))
        #expect(allowed("ptrace", by: SeccompProfile.standard.resolved(for: target())))
        #expect(old.architectures == [.x86_64, .x86, .x32])
        let arm = SeccompProfile.standard.resolved(
            for: .init(
                capabilities: [], architecture: "arm64", native: .aarch64,
                kernel: KernelVersion(major: 6, minor: 1)))
        #expect(arm.architectures == [.aarch64, .arm])
        #expect(allowed("set_tls", by: arm))
        #expect(!allowed("arch_prctl", by: arm))
    }

    @Test func `a profile in Docker's format is read`() throws {
        let text = """
            {"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":
            "SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[
            {"name":"read","action":"SCMP_ACT_ALLOW","comment":"x"},
            {"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
            {"names":["bpf"],"action":"SCMP_ACT_ALLOW","excludes":{"minKernel":"5.10"},
             "args":[]},
            {"names":["tee"],"action":"SCMP_ACT_LOG","includes":{"arches":["s390x"]}},
            {"names":["dup"],"action":"SCMP_ACT_KILL","args":[{"index":1,"value":2,"valueTwo":0,
             "op":"SCMP_CMP_GT"}]}]}
            """
        let profile = try #require(try SeccompProfile.read(text, named: "x.json"))
        let section = profile.resolved(for: target())
        #expect(section.defaultErrnoRet == 38)
        #expect(section.architectures == [.x86_64, .x86])
        #expect(section.syscalls.map(\.names) == [["read"], ["dup"]])
        #expect(section.syscalls.last?.args.first?.op == .greater)
        #expect(profile.resolved(for: target(["CAP_SYS_ADMIN"])).syscalls.count == 3)
        #expect(!section.jsonString().contains("comment"))
        #expect(try SeccompFilter(compiling: section, native: .x86_64).instructions.count > 5)
    }

    @Test(arguments: [
        "[]", "{", #"{"defaultAction":"x"}"#, #"{"syscalls":[{"names":["a"]}]}"#,
        #"{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86"],"archMap":[{"#
            + #""architecture":"SCMP_ARCH_X86_64","subArchitectures":null}]}"#,
        #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"a","names":["b"],"action":"#
            + #""SCMP_ACT_ALLOW"}]}"#,
        #"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["b"],"action":"#
            + #""SCMP_ACT_ALLOW","includes":{"minKernel":"5"}}]}"#,
    ])
    func `what is no profile is refused`(text: String) {
        #expect(throws: Problem.self) { try customSeccompProfile(text, []) }
    }

    @Test func `an empty profile is no filter`() throws {
        #expect(try customSeccompProfile("{}", []) == nil)
    }

    @Test func `the default profile compiles into a filter that the kernel takes`() throws {
        let section = try #require(defaultSeccompProfile([]))
        let filter = try SeccompFilter(compiling: section)
        #expect(filter.instructions.count < 1500)
    }

    private func target(
        _ capabilities: [String] = [], kernel: KernelVersion = KernelVersion(major: 6, minor: 1)
    ) -> SeccompProfile.Target {
        .init(capabilities: capabilities, architecture: "amd64", native: .x86_64, kernel: kernel)
    }

    /// Whether a call is allowed whatever its arguments are.
    private func allowed(_ name: String, by section: RuntimeSpec.Seccomp) -> Bool {
        section.syscalls.first { $0.names.contains(name) && $0.args.isEmpty }?.action == .allow
    }
}
