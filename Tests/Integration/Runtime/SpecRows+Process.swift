import OCI

extension SpecRow {
    static let process: [SpecRow] = [
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
        .init("process.cwd", with: .runc, .crun, shell: "pwd -P", shows: ["/home/ann"]) {
            $0.process?.cwd = "/home/ann"
        },
        .init("process.cwd that is missing", with: .runc, shell: "pwd -P", shows: ["/made/here"]) {
            $0.process?.cwd = "/made/here"
        },
        .init(
            "process.capabilities", with: .runc, .crun,
            shell: "grep ^Cap /proc/self/status | tr -d '\\t'",
            shows: [
                "CapInh:0000000000000001", "CapPrm:0000000000000000", "CapEff:0000000000000000",
                "CapBnd:0000000000000021", "CapAmb:0000000000000000",
            ]
        ) {
            let both = ["CAP_CHOWN", "CAP_KILL"]
            $0.process?.user = .init(uid: 1000, gid: 1000)  // execve(2) gives root more
            $0.process?.capabilities = .init(
                bounding: both, effective: ["CAP_CHOWN"], inheritable: ["CAP_CHOWN"],
                permitted: both)
        },
        .init(
            "process.rlimits of other kinds", with: .runc, .crun,
            shell: "grep -E 'core|locked|msgqueue|pending' /proc/self/limits "
                + "| awk '{ print $(NF - 2), $(NF - 1) }'",
            shows: ["7 8", "65536 65536", "100 200", "4096 8192"]
        ) {
            $0.process?.rlimits = [
                .init(type: .core, hard: 8, soft: 7),
                .init(type: .lockedMemory, hard: 65536, soft: 65536),
                .init(type: .messageQueues, hard: 8192, soft: 4096),
                .init(type: .pendingSignals, hard: 200, soft: 100),
            ]
        },
        .init(
            "process.oomScoreAdj that is not set", with: .runc, .crun,
            shell: "cat /proc/self/oom_score_adj", shows: [ownScore]
        ) { $0.process?.oomScoreAdj = nil },
        .init(
            "process.scheduler of idle processes", shell: "awk '{ print $41 }' /proc/self/stat",
            shows: ["5"]
        ) { $0.process?.scheduler = .init(policy: .idle) },
        .init(
            "standard streams that are the null device",
            shell: """
                id=$(sed -n 's/^mnt_id:[^0-9]*//p' /proc/self/fdinfo/0)
                awk -v id=$id '$1 == id { print $5 }' /proc/self/mountinfo
                """, shows: ["/dev"]
        ) { _ in },
        .init("process.ioPriority of the idle class", shell: "ionice -p $$", shows: ["idle"]) {
            $0.process?.ioPriority = .init(class: .idle, priority: 0)
        },
    ]

    /// What a process inherits that nobody gives another score.
    private static let ownScore: String =
        (try? Tool.run("cat", "/proc/self/oom_score_adj").lines.first) ?? ""
}
