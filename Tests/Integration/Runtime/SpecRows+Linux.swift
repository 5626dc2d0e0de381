import OCI

extension SpecRow {
    static let linux: [SpecRow] = [
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
            "linux.timeOffsets of both clocks",
            shell: "tr -s ' ' < /proc/self/timens_offsets",
            shows: ["monotonic 5 7", "boottime 9 0"]
        ) {
            $0.linux?.namespaces.append(.init(type: .time))
            $0.linux?.timeOffsets = [
                "monotonic": .init(secs: 5, nanosecs: 7), "boottime": .init(secs: 9),
            ]
        },
        .init(
            "linux.uidMappings and gidMappings", with: .runc, .crun,
            shell: "id -u; tr -s ' ' < /proc/self/uid_map; tr -s ' ' < /proc/self/gid_map",
            shows: ["0", " 0 100000 1000", " 1000 300000 5", " 0 200000 2000"]
        ) {
            $0.linux?.namespaces.append(.init(type: .user))
            $0.linux?.uidMappings = [
                .init(containerID: 0, hostID: 100_000, size: 1000),
                .init(containerID: 1000, hostID: 300_000, size: 5),
            ]
            $0.linux?.gidMappings = [.init(containerID: 0, hostID: 200_000, size: 2000)]
            $0.mounts.removeAll { $0.destination == "/dev/pts" }  // its group 5 is mapped or not
        },
        .init(
            "linux.sysctl of a user namespace", shell: "cat /proc/sys/user/max_net_namespaces",
            shows: ["17"]
        ) {
            $0.linux?.namespaces.append(.init(type: .user))
            $0.linux?.uidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
            $0.linux?.gidMappings = [.init(containerID: 0, hostID: 100_000, size: 65536)]
            $0.linux?.sysctl = ["user.max_net_namespaces": "17"]
        },
        .init(
            "linux.sysctl of other namespaces", with: .runc, .crun,
            shell: "cat /proc/sys/kernel/shmmni /proc/sys/fs/mqueue/msg_max", shows: ["4000", "12"]
        ) { $0.linux?.sysctl = ["kernel.shmmni": "4000", "fs.mqueue.msg_max": "12"] },
    ]

    static let resources: [SpecRow] = [
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
        .init(
            "linux.resources.devices of the spec", with: .runc, .crun,
            shell: "grep -E ' (10:201|1:11) ' /sys/fs/cgroup/devices/devices.list | sort",
            shows: ["c 10:201 rw", "c 1:11 r"]
        ) {
            $0.linux?.resources = .init(devices: [
                .init(allow: false, access: "rwm"),
                .init(allow: true, type: .character, major: 10, minor: 201, access: "rw"),
                .init(allow: true, type: .character, major: 1, minor: 11, access: "r"),
            ])
        },
        .init(
            "linux.resources.cpu.realtimeRuntime", with: .runc, .crun,
            shell: "cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us /sys/fs/cgroup/cpu/cpu.rt_period_us",
            shows: ["10000", "500000"]
        ) {
            $0.linux?.resources = .init(
                cpu: .init(realtimeRuntime: 10_000, realtimePeriod: 500_000))
        },
        .init(
            "linux.resources.memory.swappiness and disableOOMKiller", with: .runc, .crun,
            shell: "cd /sys/fs/cgroup/memory; cat memory.swappiness; head -n 1 memory.oom_control",
            shows: ["30", "oom_kill_disable 1"]
        ) {
            $0.linux?.resources = .init(
                memory: .init(limit: 64 << 20, swappiness: 30, disableOOMKiller: true))
        },
        .init(
            "linux.resources.memory.kernelTCP", with: .crun,
            shell: "cat /sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes", shows: ["8388608"]
        ) { $0.linux?.resources = .init(memory: .init(kernelTCP: 8 << 20)) },
        .init(
            "linux.resources.cpu.burst", shell: "cat /sys/fs/cgroup/cpu/cpu.cfs_burst_us",
            shows: ["10000"]
        ) {
            $0.linux?.resources = .init(
                cpu: .init(quota: 50000, burst: 10000, period: 100_000))
        },
        .init(
            "linux.resources.pids.limit of 0",
            shell: "read limit < /sys/fs/cgroup/pids/pids.max; echo $limit",
            shows: ["1"]
        ) { $0.linux?.resources = .init(pids: .init(limit: 0)) },
        .init(
            "linux.resources.blockIO.weight", with: .runc,
            shell: "cat /sys/fs/cgroup/blkio/blkio.bfq.weight", shows: ["500"]
        ) { $0.linux?.resources = .init(blockIO: .init(weight: 500)) },
        .init(
            "linux.resources.blockIO", with: .runc, .crun,
            shell:
                "cd /sys/fs/cgroup/blkio; for what in read_bps write_bps read_iops write_iops; do "
                + "cat blkio.throttle.${what}_device; done",
            shows: ["7:0 1048576", "7:0 2097152", "7:0 100", "7:0 200"]
        ) {
            let device = { (rate: UInt64) in
                [RuntimeSpec.BlockIO.ThrottleDevice(major: 7, minor: 0, rate: rate)]  // loop0
            }
            $0.linux?.resources = .init(
                blockIO: .init(
                    throttleReadBpsDevice: device(1 << 20), throttleWriteBpsDevice: device(2 << 20),
                    throttleReadIOPSDevice: device(100), throttleWriteIOPSDevice: device(200)))
        },
    ]

    static let seccomp: [SpecRow] =
        [
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
        ]
        + [
            ("SCMP_ACT_ALLOW", "0"), ("SCMP_ACT_LOG", "0"), ("SCMP_ACT_ERRNO", "1"),
            ("SCMP_ACT_TRACE", "1"), ("SCMP_ACT_TRAP", "159"), ("SCMP_ACT_KILL", "159"),
            ("SCMP_ACT_KILL_THREAD", "159"), ("SCMP_ACT_KILL_PROCESS", "159"),
        ].map { action, code in
            SpecRow(
                "linux.seccomp \(action)", with: .runc, .crun,
                shell: "busybox mkdir /tmp/x 2> /dev/null; echo $?", shows: [code]
            ) {
                $0.linux?.seccomp = .init(
                    defaultAction: action == "SCMP_ACT_ALLOW" ? .log : .allow,
                    syscalls: [
                        .init(
                            names: ["mkdir", "mkdirat"], action: .init(rawValue: action) ?? .allow)
                    ])
            }
        }
}
