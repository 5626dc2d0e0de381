import Foundation
import Testing

/// The flags of `run` that limit resources, read in the kernel's files.
@Suite struct LimitFlagTests {
    let kade: Kade

    init() throws { kade = try Kade.withBusybox() }

    /// A container that goes on, and its cgroups' files.
    private struct Running {
        let id: String

        /// The text of a file of the container's cgroup of version 1.
        func text(_ controller: String, _ file: String) throws -> String {
            let path = "/sys/fs/cgroup/\(controller)/kade/\(id)/\(file)"
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            return String(decoding: data, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// cgroup version 2 has its own test in the guest.
    static let hasVersion1 = FileManager.default.fileExists(
        atPath: "/sys/fs/cgroup/memory/memory.limit_in_bytes")

    private func running(_ flags: String...) throws -> Running {
        let outcome = try kade.call(["run", "-d"] + flags + ["busybox", "sleep", "60"])
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
        return Running(id: outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test(.cgroupsOfRoot, .enabled(if: hasVersion1))
    func `memory, processors and processes are limited in the container's cgroups`() throws {
        let limited = try running(
            "-m", "64m", "--memory-reservation", "32m", "--cpus", "0.5", "--cpu-shares", "512",
            "--cpuset-cpus", "0", "--pids-limit", "77")
        #expect(try limited.text("memory", "memory.limit_in_bytes") == "67108864")
        #expect(try limited.text("memory", "memory.soft_limit_in_bytes") == "33554432")
        #expect(try limited.text("cpu", "cpu.cfs_quota_us") == "50000")
        #expect(try limited.text("cpu", "cpu.cfs_period_us") == "100000")
        #expect(try limited.text("cpu", "cpu.shares") == "512")
        #expect(try limited.text("cpuset", "cpuset.cpus") == "0")
        #expect(try limited.text("pids", "pids.max") == "77")
        let pid = try kade.inspect(limited.id, "{{.State.Pid}}")
        #expect(
            try limited.text("memory", "cgroup.procs").split(separator: "\n").contains { $0 == pid }
        )
        try kade.check("rm", "-f", limited.id)
        #expect(try Kade.cgroups(of: limited.id).isEmpty)
    }

    @Test(.cgroupsOfRoot, .enabled(if: hasVersion1))
    func `--cpu-period and --cpu-quota are written as they are`() throws {
        let limited = try running("--cpu-period", "50000", "--cpu-quota", "20000")
        #expect(try limited.text("cpu", "cpu.cfs_quota_us") == "20000")
        #expect(try limited.text("cpu", "cpu.cfs_period_us") == "50000")
        let free = try running("--pids-limit", "-1")
        #expect(try free.text("pids", "pids.max") == "max")
        #expect(try free.text("cpu", "cpu.cfs_quota_us") == "-1")
        #expect(try Int(free.text("memory", "memory.limit_in_bytes")).map { $0 > 1 << 60 } == true)
    }

    @Test(.cgroupsOfRoot, .enabled(if: hasVersion1))
    func `--memory-swap limits memory and swap, or is a warning without swap accounting`() throws {
        let file = "memory.memsw.limit_in_bytes"
        let outcome = try kade(
            "run", "-d", "-m", "64m", "--memory-swap", "96m", "busybox", "sleep", "600")
        #expect(outcome.exitCode == 0)
        let limited = Running(id: outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))
        if FileManager.default.fileExists(atPath: "/sys/fs/cgroup/memory/\(file)") {
            #expect(try limited.text("memory", file) == "100663296")
            #expect(try running("-m", "64m").text("memory", file) == "134217728")
            let unlimited = try running("-m", "64m", "--memory-swap", "-1")
            #expect(try Int(unlimited.text("memory", file)).map { $0 > 1 << 60 } == true)
        } else {
            #expect(outcome.errors.lowercased().contains("swap"))
        }
        let below = try kade("run", "--rm", "-m", "64m", "--memory-swap", "32m", "busybox", "true")
        #expect(below.exitCode == 125)
        let alone = try kade("run", "--rm", "--memory-swap", "32m", "busybox", "true")
        #expect(alone.exitCode == 125)
    }

    @Test(.cgroupsOfRoot, .enabled(if: hasVersion1 && rootDisk != nil))
    func `the speed of a device is limited, in bytes and in operations`() throws {
        guard let (path, number) = Self.rootDisk else { return }
        let limited = try running(
            "--device-read-bps", "\(path):1mb", "--device-write-bps", "\(path):2mb",
            "--device-read-iops", "\(path):300", "--device-write-iops", "\(path):400")
        for (file, value) in [
            ("read_bps", "1048576"), ("write_bps", "2097152"), ("read_iops", "300"),
            ("write_iops", "400"),
        ] {
            let text = try limited.text("blkio", "blkio.throttle.\(file)_device")
            #expect(text == "\(number) \(value)")
        }
        for bad in ["/dev/none:1mb", "\(path):-1", "/etc/passwd:1mb", path] {
            let outcome = try kade("run", "--rm", "--device-read-bps", bad, "busybox", "true")
            #expect(outcome.exitCode == 125, "\(bad)")
        }
    }

    @Test(.cgroupsOfRoot)
    func `more memory than the limit ends in 137 and OOMKilled`() throws {
        let outcome = try kade(
            "run", "--name", "big", "-m", "16m", "busybox", "sh", "-c",
            "x=0123456789abcdef; while :; do x=$x$x; done")
        #expect(outcome.exitCode == 137)
        #expect(try kade.inspect("big", "{{.State.OOMKilled}} {{.State.ExitCode}}") == "true 137")
        try kade("run", "--name", "small", "-m", "16m", "busybox", "true")
        #expect(try kade.inspect("small", "{{.State.OOMKilled}}") == "false")
    }

    @Test(.cgroupsOfRoot)
    func `more processes than the limit are refused`() throws {
        let outcome = try kade.shell(
            "for i in 1 2 3 4 5 6 7 8; do sleep 600 & done", "--pids-limit", "4")
        #expect(outcome.errors.contains("can't fork"), "\(outcome)")
    }

    @Test(.cgroupsOfRoot)
    func `--cpuset-cpus is where the process runs`() throws {
        let outcome = try kade.shell(
            "grep Cpus_allowed_list /proc/self/status", "--cpuset-cpus", "0")
        #expect(outcome.output == "Cpus_allowed_list:\t0\n")
        let absent = try kade.shell("true", "--cpuset-cpus", "4000")
        #expect(absent.exitCode == 125)
    }

    @Test func `--ulimit sets soft and hard limits`() throws {
        let outcome = try kade.shell(
            "grep -E 'open files|core file|file size' /proc/self/limits | tr -s ' '",
            "--ulimit", "nofile=200:300", "--ulimit", "core=0", "--ulimit", "fsize=4096")
        let text = outcome.output
        #expect(text.contains("Max open files 200 300"), "\(outcome)")
        #expect(text.contains("Max core file size 0 0"))
        #expect(text.contains("Max file size 4096 4096"))
        let narrow = try kade.shell("ulimit -n; ulimit -Hn", "--ulimit", "nofile=10:20")
        #expect(narrow.output == "10\n20\n", "\(narrow)")
        #expect(try kade.shell("true", "--ulimit", "what=1").exitCode == 125)
        #expect(try kade.shell("true", "--ulimit", "nofile=300:200").exitCode == 125)
    }

    @Test func `--shm-size, --oom-score-adj and --sysctl are as they say`() throws {
        let outcome = try kade.shell(
            "grep ' /dev/shm ' /proc/mounts; cat /proc/self/oom_score_adj; sysctl -n"
                + " net.ipv4.ip_unprivileged_port_start",
            "--shm-size", "1m", "--oom-score-adj", "500",
            "--sysctl", "net.ipv4.ip_unprivileged_port_start=7")
        #expect(outcome.lines.first?.contains("size=1024k") == true, "\(outcome)")
        #expect(outcome.lines.dropFirst() == ["500", "7"])
    }

    @Test func `a limit that makes no sense is refused`() throws {
        for flags in [
            ["-m", "1m"], ["-m", "lots"], ["--cpus", "1000"], ["--cpus", "-1"],
            ["--cpus", "1", "--cpu-quota", "5000"], ["--cpuset-cpus", "x"],
        ] {
            let outcome = try kade.call(["run", "--rm"] + flags + ["busybox", "true"])
            #expect(outcome.exitCode == 125, "\(flags)")
        }
        try kade.wait { try kade.leftovers().isEmpty }
    }

    /// The whole disk that `/` is on, when it is a disk of the machine: its path and numbers.
    private static let rootDisk: (path: String, number: String)? = {
        for name in ["vda", "sda", "nvme0n1", "xvda"] {
            let file = URL(fileURLWithPath: "/sys/block/\(name)/dev")
            guard let data = FileManager.default.contents(atPath: file.path),
                FileManager.default.fileExists(atPath: "/dev/\(name)")
            else { continue }
            let number = String(decoding: data, as: UTF8.self)
            return ("/dev/\(name)", number.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return nil
    }()
}
