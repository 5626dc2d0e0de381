import OCI
import Testing

/// Properties of `config.json`, each seen from inside, with every runtime of this machine that has
/// them.
@Suite(.enabled(if: isRoot)) struct SpecRowTests {
    @Test(arguments: SpecRow.all, RuntimeUnderTest.allCases)
    func `a property has its effect`(row: SpecRow, runtime: RuntimeUnderTest) throws {
        guard row.runtimes.contains(runtime), runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime, row.change)
        let outcome = try bundle.run(shell: row.shell)
        #expect(outcome.lines == row.expected, "\(outcome.errors)")
    }

    @Test(arguments: RefusedSpec.all)
    func `what cannot be done is refused by name`(refused: RefusedSpec) throws {
        let bundle = try RuntimeBundle(for: .kade, refused.change)
        let outcome = try bundle.run(shell: "echo ran")
        #expect(outcome.exitCode == 1)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains(refused.complaint), "\(outcome.errors)")
        #expect(try bundle.leftovers().isEmpty)
    }
}

/// What one property does.
struct SpecRow: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Those whose version of Debian 12 has it on a machine of version 1, and Kade.
    var runtimes: Set<RuntimeUnderTest>
    var change: @Sendable (inout RuntimeSpec) -> Void
    var shell: String
    var expected: [String]

    init(
        _ name: String, with others: RuntimeUnderTest..., shell: String, shows expected: [String],
        _ change: @escaping @Sendable (inout RuntimeSpec) -> Void
    ) {
        testDescription = name
        runtimes = Set(others + [.kade])
        self.shell = shell
        self.expected = expected
        self.change = change
    }

    static let all = process + rootfs + mounts + linux

    private static let process: [SpecRow] = [
        .init(
            "process.user", with: .runc, .crun, shell: "id -u; id -g; id -G; umask",
            shows: ["1000", "1001", "1001 63", "0027"]
        ) { $0.process?.user = .init(uid: 1000, gid: 1001, umask: 0o027, additionalGids: [63]) },
        .init(
            "process.rlimits", with: .runc, .crun, shell: "ulimit -n; ulimit -Hn",
            shows: ["100", "200"]
        ) { $0.process?.rlimits = [.init(type: .openFiles, hard: 200, soft: 100)] },
        .init(
            "process.noNewPrivileges", with: .runc, .crun,
            shell: "grep NoNewPrivs /proc/self/status", shows: ["NoNewPrivs:\t1"]
        ) { $0.process?.noNewPrivileges = true },
        .init(
            "process.capabilities.ambient", with: .runc, .crun,
            shell: "grep -E 'CapEff|CapAmb' /proc/self/status",
            shows: ["CapEff:\t0000000000000001", "CapAmb:\t0000000000000001"]
        ) {
            let names = ["CAP_CHOWN"]
            $0.process?.user = .init(uid: 1000, gid: 1000)
            $0.process?.capabilities = .init(
                bounding: names, effective: names, inheritable: names, permitted: names,
                ambient: names)
        },
        .init(
            "process.oomScoreAdj", with: .runc, .crun, shell: "cat /proc/self/oom_score_adj",
            shows: ["321"]
        ) { $0.process?.oomScoreAdj = 321 },
        .init(
            "process.scheduler", shell: "cut -d' ' -f19,41 /proc/self/stat", shows: ["5 3"]
        ) { $0.process?.scheduler = .init(policy: .batch, nice: 5) },
        .init("process.ioPriority", shell: "ionice -p $$", shows: ["best-effort: prio 3"]) {
            $0.process?.ioPriority = .init(class: .bestEffort, priority: 3)
        },
        .init(
            "process.execCPUAffinity is not for the first process",
            shell: "test $(nproc) -gt 1 && echo all", shows: ["all"]
        ) { $0.process?.execCPUAffinity = .init(initial: "0", final: "0") },
        .init("process.env, the last of two", with: .runc, shell: "env | grep ^X=", shows: ["X=2"])
        {
            $0.process?.env += ["X=1", "X=2"]
        },
        .init(
            "a property that nobody knows", with: .runc, .crun, shell: "echo ran", shows: ["ran"]
        ) { $0.unknownFields.append("future", ["answer": 42]) },
    ]

    private static let rootfs: [SpecRow] = [
        .init(
            "root.readonly", with: .runc, .crun, shell: "touch /x 2> /dev/null || echo refused",
            shows: ["refused"]
        ) { $0.root?.readonly = true },
        .init(
            "linux.maskedPaths", with: .runc, .crun,
            shell: "wc -c < /etc/passwd; ls /home | wc -l", shows: ["0", "0"]
        ) { $0.linux?.maskedPaths = ["/etc/passwd", "/home"] },
        .init(
            "linux.readonlyPaths", with: .runc, .crun,
            shell: "touch /home/x 2> /dev/null || echo refused", shows: ["refused"]
        ) { $0.linux?.readonlyPaths = ["/home"] },
        .init(
            "linux.rootfsPropagation", with: .crun,
            shell: "awk '$5 == \"/\" { print ($7 ~ /^shared:/) }' /proc/self/mountinfo",
            shows: ["1"]
        ) { $0.linux?.rootfsPropagation = .shared },
        .init(
            "the default devices and links", with: .runc, .crun,
            shell: """
                for name in null zero full random urandom tty; do
                    test -c /dev/$name && stat -c %a /dev/$name
                done
                for name in fd stdin stdout stderr ptmx; do readlink /dev/$name; done
                """,
            shows: Array(repeating: "666", count: 6)
                + ["/proc/self/fd", "/proc/self/fd/0", "/proc/self/fd/1", "/proc/self/fd/2"]
                + ["pts/ptmx"]
        ) { _ in },
        .init(
            "linux.devices", with: .runc, .crun,
            shell: "stat -c '%F %t,%T %a %u:%g' /dev/net-tun /dev/pipe",
            shows: ["character special file a,c8 640 1:2", "fifo 0,0 600 0:0"]
        ) {
            $0.linux?.devices = [
                .init(
                    path: "/dev/net-tun", type: .character, major: 10, minor: 200, fileMode: 0o640,
                    uid: 1, gid: 2),
                .init(path: "/dev/pipe", type: .fifo, fileMode: 0o600, uid: 0, gid: 0),
            ]
        },
    ]

    private static let mounts: [SpecRow] =
        [
            .init(
                "mounts[].options tmpcopyup", with: .runc, .crun,
                shell: "cat /etc/passwd | wc -l; grep -c ' /etc tmpfs' /proc/mounts",
                shows: ["2", "1"]
            ) {
                $0.mounts.append(
                    .init(
                        destination: "/etc", type: "tmpfs", source: "tmpfs",
                        options: ["tmpcopyup"]))
            },
            .init(
                "mounts[].destination that is relative", with: .runc, .crun,
                shell: "grep -c ' /home tmpfs' /proc/mounts", shows: ["1"]
            ) {
                $0.mounts.append(
                    .init(destination: "home", type: "tmpfs", source: "tmpfs", options: []))
            },
            .init(
                "mounts[].options for the file system", with: .runc, .crun,
                shell: "grep ' /home tmpfs' /proc/mounts | tr ' ,' '\\n\\n' | grep -E 'size|mode'",
                shows: ["size=1024k", "mode=700"]
            ) {
                $0.mounts.append(
                    .init(
                        destination: "/home", type: "tmpfs", source: "tmpfs",
                        options: ["size=1m", "mode=700"]))
            },
            .init(
                "mounts[].uidMappings", shell: "stat -c %u:%g /home/ann", shows: ["5:6"]
            ) {
                // The rootfs's own /home/ann, which root owns outside.
                $0.mounts.append(
                    .init(
                        destination: "/home", type: "bind", source: "rootfs/home",
                        options: ["bind"], uidMappings: [.init(containerID: 0, hostID: 5, size: 1)],
                        gidMappings: [.init(containerID: 0, hostID: 6, size: 1)]))
            },
        ]
        + [
            ("ro", "ro"), ("nosuid", "nosuid"), ("nodev", "nodev"), ("noexec", "noexec"),
            ("noatime", "noatime"), ("nodiratime", "nodiratime"), ("relatime", "relatime"),
        ].map { option, shown in flag(option, shown, .runc, .crun) }
        + [
            ("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec"),
        ].map { option, shown in flag(option, shown, .runc, .crun) }
        + [("nosymfollow", "nosymfollow"), ("rnosymfollow", "nosymfollow")]
        .map { option, shown in flag(option, shown) }
        + [
            ("shared", "shared:"), ("rshared", "shared:"), ("unbindable", "unbindable"),
            ("private", ""),
        ].map { option, shown in
            SpecRow(
                "mounts[].options \(option)", with: .runc,
                shell: "awk '$5 == \"/home\" { print ($7 == \"-\" ? \"\" : $7) }' "
                    + "/proc/self/mountinfo | sed 's/[0-9]//g; s/^$/none/'",
                shows: [shown.isEmpty ? "none" : shown]
            ) {
                $0.mounts.append(
                    .init(
                        destination: "/home", type: "tmpfs", source: "tmpfs", options: [option]))
            }
        }

    /// A flag of a bind mount, as the mount table shows it.
    private static func flag(
        _ option: String, _ shown: String, _ others: RuntimeUnderTest...
    ) -> SpecRow {
        var row = SpecRow(
            "mounts[].options \(option)",
            shell: "awk '$5 == \"/home\" { print $6 }' /proc/self/mountinfo | tr , '\\n' "
                + "| grep -x \(shown)", shows: [shown]
        ) {
            $0.mounts.append(
                .init(
                    destination: "/home", type: "bind", source: "rootfs/home",
                    options: ["rbind", option]))
        }
        row.runtimes.formUnion(others)
        return row
    }

    private static let linux: [SpecRow] = [
        .init("hostname", with: .runc, .crun, shell: "hostname", shows: ["inside"]) {
            $0.hostname = "inside"
        },
        .init(
            "domainname", with: .crun, shell: "cat /proc/sys/kernel/domainname", shows: ["domain"]
        ) { $0.domainname = "domain" },
        .init(
            "linux.sysctl", with: .runc, .crun, shell: "cat /proc/sys/net/ipv4/ip_forward",
            shows: ["1"]
        ) { $0.linux?.sysctl = ["net.ipv4.ip_forward": "1"] },
        .init(
            "linux.personality", with: .crun, shell: "uname -m", shows: ["i686"]
        ) { $0.linux?.personality = .init(domain: .linux32) },
        .init(
            "linux.timeOffsets",
            shell: "test $(cut -d. -f1 /proc/uptime) -gt 10000000 && echo later", shows: ["later"]
        ) {
            $0.linux?.namespaces.append(.init(type: .time))
            $0.linux?.timeOffsets = ["boottime": .init(secs: 10_000_000)]
        },
        .init(
            "linux.memoryPolicy", shell: "head -n 1 /proc/self/numa_maps | cut -d' ' -f2",
            shows: ["bind=static:0"]
        ) {
            $0.linux?.memoryPolicy = .init(mode: .bind, nodes: "0", flags: [.staticNodes])
        },
        .init(
            "linux.seccomp", with: .runc, .crun, shell: "mkdir /tmp/x 2>&1",
            shows: ["mkdir: can't create directory '/tmp/x': No space left on device"]
        ) {
            $0.linux?.seccomp = .init(
                defaultAction: .allow,
                syscalls: [.init(names: ["mkdir", "mkdirat"], action: .errno, errnoRet: 28)])
        },
        .init(
            "linux.seccomp.flags", with: .crun,
            shell: "grep Seccomp: /proc/self/status", shows: ["Seccomp:\t2"]
        ) { $0.linux?.seccomp = .init(defaultAction: .allow, flags: [.log, .threadSync]) },
        .init(
            "linux.resources", with: .runc, .crun,
            shell: """
                cd /sys/fs/cgroup
                cat memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes
                cat memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us
                cat cpu/cpu.shares cpuset/cpuset.cpus cpuset/cpuset.mems pids/pids.max
                """,
            shows: [
                "67108864", "100663296", "16777216", "50000", "100000", "512", "1", "0", "50",
            ]
        ) {
            $0.linux?.resources = .init(
                memory: .init(limit: 64 << 20, reservation: 16 << 20, swap: 96 << 20),
                cpu: .init(shares: 512, quota: 50000, period: 100_000, cpus: "1", mems: "0"),
                pids: .init(limit: 50))
        },
        .init(
            "linux.resources.cpu.idle", shell: "cat /sys/fs/cgroup/cpu/cpu.idle", shows: ["1"]
        ) { $0.linux?.resources = .init(cpu: .init(idle: 1)) },
        .init(
            "linux.resources.devices", with: .runc, .crun,
            shell: "mknod /dev/full2 c 1 7; mknod /dev/mem c 1 1; "
                + "head -c 1 /dev/full2 | wc -c; head -c 1 /dev/mem 2> /dev/null | wc -c",
            shows: ["1", "0"]
        ) {
            $0.process?.capabilities?.bounding.append("CAP_MKNOD")
            $0.process?.capabilities?.effective.append("CAP_MKNOD")
            $0.process?.capabilities?.permitted.append("CAP_MKNOD")
        },
    ]
}

/// A specification that is refused, and what is said of it.
struct RefusedSpec: Sendable, CustomTestStringConvertible {
    var testDescription: String { complaint }
    var complaint: String
    var change: @Sendable (inout RuntimeSpec) -> Void

    init(_ complaint: String, _ change: @escaping @Sendable (inout RuntimeSpec) -> Void) {
        self.complaint = complaint
        self.change = change
    }

    static let all: [RefusedSpec] = [
        .init("ociVersion is 2.0.0") { $0.ociVersion = "2.0.0" },
        .init("vm is set") { $0.vm = .init(kernel: .init(path: "/boot/vmlinuz")) },
        .init("invalid rootfs") { $0.root?.path = "nothing" },
        .init("sets RLIMIT_NOFILE a second time") {
            $0.process?.rlimits = Array(
                repeating: .init(type: .openFiles, hard: 200, soft: 100), count: 2)
        },
        .init("lists a second network namespace") {
            $0.linux?.namespaces.append(.init(type: .network))
        },
        .init("is set without a time namespace") {
            $0.linux?.timeOffsets = ["boottime": .init(secs: 1)]
        },
        .init("belongs to no namespace") { $0.linux?.sysctl = ["vm.swappiness": "1"] },
        .init("cannot set the memory policy MPOL_LOCAL") {
            $0.linux?.memoryPolicy = .init(mode: .local, nodes: "0")
        },
        .init("the host has no network device nothere0") {
            $0.linux?.netDevices = ["nothere0": .init()]
        },
        .init("without a network namespace to move devices into") {
            $0.linux?.namespaces.removeAll { $0.type == .network }
            $0.linux?.netDevices = ["nothere0": .init()]
        },
        .init("no resctrl file system is mounted") {
            $0.linux?.intelRdt = .init(l3CacheSchema: "L3:0=f")
        },
        .init("has the net_cls controller") {
            $0.linux?.resources = .init(network: .init(classID: 7))
        },
        .init("has the rdma controller") {
            $0.linux?.resources = .init(rdma: ["mlx5_0": .init(hcaHandles: 1)])
        },
        .init("the memory controller of this machine is not in a version 2 hierarchy") {
            $0.linux?.resources = .init(unified: ["memory.high": "1"])
        },
    ]
}
