import Foundation
import OCI
import Testing

/// Limits of a container that runs, changed and seen in the kernel's files.
@Suite(.enabled(if: isRoot)) struct RuntimeUpdateTests {
    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `limits change by flags, and others stay`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        try bundle.update("--memory", "64m", "--memory-swap", "96m", "--memory-reservation", "32m")
        try bundle.update("--cpu-quota", "50000", "--cpu-period", "100000", "--cpu-share", "512")
        try bundle.update("--cpuset-cpus", "1", "--pids-limit", "50")
        try bundle.update("--cpu-period", "200000")
        #expect(
            try bundle.limits() == [
                "67108864", "100663296", "33554432", "50000", "200000", "512", "1", "50",
            ])
    }

    @Test(arguments: RuntimeUnderTest.allCases)
    func `limits change by a file, both up and both down`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        for limit in [64 << 20, 256 << 20, 32 << 20] {
            try bundle.folder.write(
                #"{"memory":{"limit":\#(limit),"swap":\#(2 * limit)}}"#, to: "limits.json")
            try bundle.update("--resources", bundle.folder.at("limits.json"))
            #expect(try bundle.limits().prefix(2) == ["\(limit)", "\(2 * limit)"])
        }
    }

    @Test func `every flag has its file`() throws {
        let bundle = try RuntimeBundle {
            $0.linux?.resources?.cpu = .init(quota: 50000, period: 100_000)
        }
        try bundle.startSleeping()
        let rows: [(flags: [String], file: String, value: String)] = [
            (["--cpu-burst", "10000"], "cpu/cpu.cfs_burst_us", "10000"),
            (["--cpu-idle", "1"], "cpu/cpu.idle", "1"),
            (["--cpu-idle", "0"], "cpu/cpu.idle", "0"),
            (["--cpuset-mems", "0", "--cpuset-cpus", "0"], "cpuset/cpuset.cpus", "0"),
            (["--cpuset-mems", "0"], "cpuset/cpuset.mems", "0"),
            (["--blkio-weight", "300"], "blkio/blkio.bfq.weight", "300"),
            (["--memory", "64m"], "memory/memory.limit_in_bytes", "67108864"),
            (["--memory-reservation", "1.5M"], "memory/memory.soft_limit_in_bytes", "1572864"),
            (["--pids-limit", "-1"], "pids/pids.max", "max"),
            (
                ["--cpu-rt-runtime", "10000", "--cpu-rt-period", "500000"], "cpu/cpu.rt_runtime_us",
                "10000"
            ), (["--cpu-rt-period", "400000"], "cpu/cpu.rt_period_us", "400000"),
        ]
        for (flags, file, value) in rows {
            let outcome = try Tool.start(
                bundle.command + ["--root", bundle.root, "update"] + flags + [bundle.id]
            ).wait()
            #expect(outcome.exitCode == 0, "\(flags): \(outcome.errors)")
            #expect(
                try bundle.exec(shell: "cat /sys/fs/cgroup/\(file)").lines == [value], "\(flags)")
        }
        let kernel = try bundle.runtime("update", "--kernel-memory", "64m", bundle.id)
        #expect(kernel.exitCode == 0)
        #expect(kernel.errors.contains("the limit of kernel memory is not applied"), "\(kernel)")
        let buffers = try bundle.runtime("update", "--kernel-memory-tcp", "64m", bundle.id)
        #expect(buffers.exitCode == 0 && buffers.errors == "", "\(buffers)")
        let limit = try bundle.exec(
            shell: "cat /sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes")
        #expect(limit.lines == ["67108864"])
    }

    @Test(arguments: [RuntimeUnderTest.kade, .runc])
    func `a file on standard input has every limit`(runtime: RuntimeUnderTest) throws {
        guard runtime.isInstalled else { return }
        let bundle = try RuntimeBundle(for: runtime)
        try bundle.startSleeping()
        let limits = """
            {"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432},
             "cpu": {"quota": 50000, "period": 200000, "shares": 512, "cpus": "1"},
             "pids": {"limit": 50}, "blockIO": {"weight": 300}}
            """
        try bundle.folder.write(limits, to: "limits.json")
        let outcome = try Tool.start(
            ["sh", "-c", "exec \"$@\" < \"$0\"", bundle.folder.at("limits.json")]
                + bundle.command + ["--root", bundle.root, "update", "--resources", "-", bundle.id]
        ).wait()
        #expect(outcome.exitCode == 0, "\(outcome)")
        #expect(
            try bundle.limits() == [
                "67108864", "100663296", "33554432", "50000", "200000", "512", "1", "50",
            ])
        let weight = try bundle.exec(shell: "cat /sys/fs/cgroup/blkio/blkio.bfq.weight")
        #expect(weight.lines == ["300"])
    }

    @Test func `a later change knows an earlier one, and exec's record is kept`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        try bundle.update("--memory", "64m", "--memory-swap", "96m")
        let refused = try bundle.runtime("update", "--memory", "128m", bundle.id)
        #expect(refused.errors.contains("less than the limit of memory, 134217728"))
        #expect(try bundle.limits().prefix(2) == ["67108864", "100663296"])
        try bundle.update("--memory", "-1")
        try bundle.update("--memory", "128m")
        #expect(try bundle.limits().first == "134217728")
        let state = try String(
            contentsOfFile: bundle.root + "/\(bundle.id)/state.json", encoding: .utf8)
        let record = try RuntimeSpec(
            json: Array(state.drop { $0 != "\n" }.utf8), named: "state.json")
        #expect(record.linux?.resources?.memory?.limit == 128 << 20)
        #expect(record.process == bundle.spec.process)
    }

    @Test func `what the kernel refuses leaves the limits so far`() throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        try bundle.update("--pids-limit", "50", "--cpu-share", "512")
        let refused = try bundle.runtime(
            "update", "--cpu-share", "600", "--cpuset-cpus", "4000", bundle.id)
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("cpuset.cpus"))
        #expect(try bundle.limits().suffix(3) == ["512", "0-1", "50"])
    }

    @Test(arguments: [
        (["--memory", "much"], "invalid value \"much\" for flag --memory"),
        (["--cpu-share", "-1"], "invalid value \"-1\" for flag --cpu-share"),
        (["--resources", "/nothing"], "cannot read the limits from /nothing"),
        (["--resources", "/dev/null", "--memory", "1g"], "--memory beside --resources"),
        (["--l3-cache-schema", "L3:0=f"], "made without linux.intelRdt"),
    ])
    func `wrong values are refused by name`(flags: [String], complaint: String) throws {
        let bundle = try RuntimeBundle()
        try bundle.startSleeping()
        let outcome = try Tool.start(
            [RuntimeBundle.program, "--root", bundle.root, "update"] + flags + [bundle.id]
        ).wait()
        #expect(outcome.exitCode == 1)
        #expect(outcome.errors.contains(complaint), "\(outcome.errors)")
    }

    @Test func `a stopped container has no limits to change`() throws {
        let bundle = try RuntimeBundle()
        _ = try bundle.run(shell: "true", "--keep")
        let outcome = try bundle.runtime("update", "--memory", "64m", bundle.id)
        #expect(outcome.errors.contains("container not running"))
    }
}

extension RuntimeBundle {
    fileprivate func update(_ flags: String...) throws {
        let outcome = try Tool.start(command + ["--root", root, "update"] + flags + [id]).wait()
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }

    /// Memory, memory and swap, reservation, quota, period, shares, processors, processes.
    fileprivate func limits() throws -> [String] {
        let files = [
            "memory/memory.limit_in_bytes", "memory/memory.memsw.limit_in_bytes",
            "memory/memory.soft_limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us",
            "cpu/cpu.shares", "cpuset/cpuset.cpus", "pids/pids.max",
        ]
        return try exec(
            shell: "cd /sys/fs/cgroup; cat \(files.joined(separator: " "))"
        ).lines
    }
}
