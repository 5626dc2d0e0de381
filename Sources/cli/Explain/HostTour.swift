import Engine
import Linux
import SystemPackage

/// What `kade run --rm host` shows when no command is given: what isolates a container, seen from
/// inside, beside what the machine has outside.
struct HostTour {
    /// A tour where the user asked for nothing else.
    init?(for run: RunCommand) {
        let process = run.container.request.process
        let asksForNothing =
            run.image == "host" && run.arguments.isEmpty && run.container.entrypoint == nil
        guard asksForNothing, !process.isInteractive, !process.hasTerminal, !run.isDetached else {
            return nil
        }
    }

    /// The command inside: a script of sh(1), and the machine's namespaces as its arguments.
    var command: [String] {
        ["/bin/sh", "-c", Self.script, "tour"] + Self.namespaces.map(Self.identity)
    }

    /// Limits to look at, where the user set none.
    func limit(_ request: inout ContainerRequest) {
        if request.resources.memoryInBytes == nil { request.resources.memoryInBytes = 256 << 20 }
        if request.resources.nanoCPUs == nil && request.resources.cpuQuotaInMicroseconds == nil {
            request.resources.nanoCPUs = 500_000_000
        }
        if request.resources.pidsLimit == nil { request.resources.pidsLimit = 64 }
    }

    private static let namespaces = ["pid", "mnt", "net", "ipc", "uts", "cgroup", "user"]

    /// `pid:[4026531836]`, or a dash where the kernel has no such namespace.
    private static func identity(of namespace: String) -> String {
        (try? Link.target(of: FilePath("/proc/self/ns/\(namespace)")).string) ?? "-"
    }

    private static let script = #"""
        title() { printf '\n== %s\n' "$1"; }
        first() { for f in "$@"; do [ -r "$f" ] && { cat "$f"; return; }; done; echo unknown; }

        echo 'This container runs on the root file system of your own machine.'

        title 'Processes: it is pid 1, and sees no process of the machine'
        printf 'this shell is pid %s, and pid 1 is: %s\n' "$$" "$(cat /proc/1/comm)"
        set -- "$@" "$(ls -d /proc/[0-9]* | wc -l)"
        printf 'processes in /proc: %s\n' "$8"

        title 'Host name: its own (UTS namespace)'
        cat /proc/sys/kernel/hostname

        title 'Namespaces: what it has for itself (same number: shared with the machine)'
        printf '%-8s %-22s %s\n' '' inside outside
        for n in pid mnt net ipc uts cgroup user; do
            printf '%-8s %-22s %s\n' "$n" "$(readlink /proc/self/ns/$n)" "$1"
            shift
        done

        title 'Network: nothing but a loopback'
        ls /sys/class/net 2>/dev/null | tr '\n' ' '; echo

        title 'Limits: what its cgroup allows'
        printf 'memory:    %s bytes\n' \
            "$(first /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes)"
        if [ -r /sys/fs/cgroup/cpu.max ]; then
            cpu=$(cat /sys/fs/cgroup/cpu.max)
        else
            cpu="$(first /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us)"
            cpu="$cpu $(first /sys/fs/cgroup/cpu/cpu.cfs_period_us /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us)"
        fi
        printf 'cpu:       %s (microseconds of each period)\n' "$cpu"
        printf 'processes: %s\n' "$(first /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max)"

        title 'Rights: fewer capabilities than root, and a filter of system calls'
        grep -E '^(CapEff|Seccomp|NoNewPrivs):' /proc/self/status

        title 'Files: it may write everywhere, and nothing reaches the machine'
        echo 'written in a container' > /kade-was-here && ls -l /kade-was-here
        echo 'The file is in a throw-away layer: look for it outside.'
        """#
}
