import OCI

extension SpecRow {
    static let scheduling: [SpecRow] = [
        .init(
            "process.scheduler of real time, and its share", shell: ownSchedule("40,41"),
            shows: ["7 1"]
        ) {
            $0.process?.scheduler = .init(policy: .fifo, priority: 7)
            $0.linux?.resources = .init(
                cpu: .init(realtimeRuntime: 20_000, realtimePeriod: 1_000_000))
        },
        .init(
            "process.scheduler in turns", shell: ownSchedule("40,41"), shows: ["3 2"]
        ) {
            $0.process?.scheduler = .init(policy: .roundRobin, priority: 3)
            $0.linux?.resources = .init(
                cpu: .init(realtimeRuntime: 20_000, realtimePeriod: 1_000_000))
        },
        .init(
            "process.scheduler with a deadline, which children do not have",
            shell: ownSchedule("41") + "; cut -d' ' -f41 /proc/self/stat; true", shows: ["6", "0"]
        ) {
            $0.process?.scheduler = .init(
                policy: .deadline, flags: [.resetOnFork], runtime: 5_000_000,
                deadline: 50_000_000, period: 50_000_000)
        },
        .init("process.ioPriority of real time", shell: "ionice -p $$", shows: ["realtime: prio 4"])
        { $0.process?.ioPriority = .init(class: .realtime, priority: 4) },
        .init(
            "process.rlimits of the remaining kinds", with: .runc, .crun,
            shell: "grep -vE 'core|locked|msgqueue|pending|open|priority|Units' /proc/self/limits "
                + "| awk '{ print $2, $3, $(NF - 2), $(NF - 1) }'",
            shows: [
                "cpu time 1000 2000", "file size 1048576 2097152", "data size 536870912 1073741824",
                "stack size 4194304 8388608", "resident set 1 2", "processes 5000 5000 6000",
                "address space 2147483648 4294967296", "file locks 3 4",
                "realtime timeout 1000000 2000000",
            ]
        ) {
            $0.process?.rlimits = [
                .init(type: .cpu, hard: 2000, soft: 1000),
                .init(type: .fileSize, hard: 2 << 20, soft: 1 << 20),
                .init(type: .data, hard: 1 << 30, soft: 1 << 29),
                .init(type: .stack, hard: 8 << 20, soft: 4 << 20),
                .init(type: .residentSet, hard: 2, soft: 1),
                .init(type: .processes, hard: 6000, soft: 5000),
                .init(type: .addressSpace, hard: 4 << 30, soft: 2 << 30),
                .init(type: .locks, hard: 4, soft: 3),
                .init(type: .realtimeTime, hard: 2_000_000, soft: 1_000_000),
            ]
        },
    ]

    /// Prints fields of the shell's own line (proc(5), `/proc/pid/stat`).
    private static func ownSchedule(_ fields: String) -> String {
        "read -r line < /proc/self/stat; echo \"$line\" | cut -d' ' -f\(fields)"
    }
}
