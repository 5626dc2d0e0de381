import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// The cgroup: its path, each limit beside what the kernel has, use and pressure.
extension ContainerExplainer {
    func cgroupLines() throws(Problem) -> [ExplainedLine] {
        guard let cgroup = try declaredCgroup() else {
            return [
                ExplainedLine(
                    "path", effective: try ownPlace(),
                    why: "an ordinary user's container has a cgroup of its own only where one is"
                        + " delegated",
                    origin: "default", command: process?.show("cgroup") ?? "cat /proc/self/cgroup")
            ]
        }
        var lines = [
            ExplainedLine(
                "path", declared: cgroup.path, effective: try ownPlace(),
                why: "the group of processes that the kernel limits and counts together",
                origin: request.resources.cgroupParent.map { "--cgroup-parent \($0)" }
                    ?? "default (--cgroup-parent /kade)",
                command: process?.show("cgroup")
                    ?? "mkdir \(cgroup.directories.map(\.string).joined(separator: " "))")
        ]
        let resources = spec.linux?.resources ?? .init()
        let limits = try ResourceLimits.declared(by: resources, in: cgroup)
        for limit in limits { lines.append(try line(of: limit, in: cgroup)) }
        for free in Self.noLimits {
            // A machine without the controller has nothing to tell. What comes with the first, as
            // swap with memory, is told with it where it was asked for.
            guard let limit = (try? ResourceLimits.declared(by: free, in: cgroup))?.first,
                !limits.contains(where: { $0.spec == limit.spec }),
                let line = try freeLine(of: limit, in: cgroup)
            else { continue }
            lines.append(line)
        }
        if process != nil {
            lines += try useLines(of: cgroup)
            lines += try pressureLines(of: cgroup)
        }
        return lines
    }

    /// Where the container is, or will be.
    private func declaredCgroup() throws(Problem) -> Cgroup? {
        if process != nil { return try context.cgroup(of: record) }
        guard let path = spec.linux?.cgroupsPath else { return nil }
        return try explaining("cannot find the cgroup of \(record.name)") {
            () throws(SystemCallError) in
            Cgroup(layout: try context.cgroupLayout(), path: path)
        }
    }

    /// What a container may always have a limit of, also where nobody has set one.
    private static let noLimits = [
        RuntimeSpec.Resources(memory: .init(limit: -1)), .init(cpu: .init(quota: -1)),
        .init(pids: .init(limit: -1)),
    ]

    /// A limit that nobody asked for, which somebody else may have set.
    private func freeLine(
        of limit: DeclaredLimit, in cgroup: Cgroup
    ) throws(Problem) -> ExplainedLine? {
        var line = try line(of: limit, in: cgroup)
        let flag = ResourceFlag.origin(of: limit.spec, request.resources).prefix { $0 != " " }
        line.origin = "default (\(flag))"
        guard process != nil else {
            line.declared = "no limit"
            return line
        }
        line.declared = nil
        // Where the kernel or the hierarchy lacks it there is nothing to tell.
        guard let text = try read(line.name, of: limit.controller, in: cgroup) else { return nil }
        // Version 1 says it by the largest number of whole pages.
        let isFree = text.hasPrefix("max") || text == "-1" || Int64(text) ?? 0 > 1 << 62
        line.effective = text + (isFree ? " (no limit)" : "")
        return line
    }

    /// What the kernel says where the first process is, each path once; not the root of hierarchies
    /// that limit nothing, where it is beside its own.
    private func ownPlace() throws(Problem) -> String? {
        guard let process else { return nil }
        let text = try Self.text(of: process.pid, "cgroup")
        var places: [String] = []
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3, !places.contains(String(parts[2])) else { continue }
            places.append(String(parts[2]))
        }
        let own = places.filter { $0 != "/" }
        return (own.isEmpty ? places : own).joined(separator: ", ")
    }

    private func line(
        of limit: DeclaredLimit, in cgroup: Cgroup
    ) throws(Problem) -> ExplainedLine {
        let directory = cgroup.directory(for: limit.controller)?.string ?? cgroup.path
        let file = limit.files.first ?? ""
        var line = ExplainedLine(
            file, declared: limit.value, why: limit.why,
            origin: ResourceFlag.origin(of: limit.spec, request.resources),
            command: "echo \(limit.value) > \(directory)/\(file)")
        guard process != nil else { return line }
        for name in limit.files {
            guard let text = try read(name, of: limit.controller, in: cgroup) else { continue }
            line.name = name
            line.effective = text
            line.command = "cat \(directory)/\(name)"
            return line
        }
        line.effective = "this kernel has no such file"
        return line
    }

    /// A file's content in one line; nil where there is none.
    private func read(
        _ file: String, of controller: CgroupController, in cgroup: Cgroup
    ) throws(Problem) -> String? {
        do throws(SystemCallError) {
            let text = try cgroup.read(file, of: controller)
            return text.split(separator: "\n").joined(separator: "; ")
        } catch
            where [.noSuchFileOrDirectory, .operationNotSupportedByDevice, .notSupported]
            .contains(error.errno)
        {
            return nil
        } catch {
            throw Problem(what: "cannot read \(file) of \(cgroup.path)", refusal: error)
        }
    }

    /// What it uses now.
    private func useLines(of cgroup: Cgroup) throws(Problem) -> [ExplainedLine] {
        let used = try explaining("cannot measure container \(record.name)") {
            () throws(SystemCallError) in try cgroup.statistics()
        }
        func show(_ controller: CgroupController, _ legacy: String, _ unified: String) -> String {
            let file = cgroup.layout.version(of: controller) == .v2 ? unified : legacy
            return "cat \(cgroup.directory(for: controller)?.string ?? "")/\(file)"
        }
        var lines: [ExplainedLine] = []
        func add(_ name: String, _ value: String?, _ why: String, _ command: String) {
            guard let value else { return }
            lines.append(
                ExplainedLine(
                    name, effective: value, why: why, origin: "the kernel counts it",
                    command: command))
        }
        add(
            "memory in use", used.memoryUsageInBytes.map { "\($0) bytes" },
            "of its processes, with the file cache that they caused",
            show(.memory, "memory.usage_in_bytes", "memory.current"))
        add(
            "memory at most", used.memoryPeakInBytes.map { "\($0) bytes" },
            "the most that it ever used",
            show(.memory, "memory.max_usage_in_bytes", "memory.peak"))
        add(
            "killed for memory", used.outOfMemoryKills.map { "\($0)" },
            "how many of its processes the kernel has killed because memory ran out",
            show(.memory, "memory.oom_control", "memory.events"))
        add(
            "processor time", used.cpuUsageInMicroseconds.map { "\($0) µs" },
            "of all its processes since the start",
            show(.cpuAccounting, "cpuacct.usage", "cpu.stat"))
        add(
            "processor held back",
            // Without a limit no periods are counted.
            used.cpuPeriods.flatMap { $0 > 0 ? $0 : nil }.map {
                "\(used.cpuThrottledPeriods ?? 0) of \($0) periods, "
                    + "\(used.cpuThrottledInMicroseconds ?? 0) µs"
            }, "how often it had used up its processor time and waited",
            show(.cpu, "cpu.stat", "cpu.stat"))
        add(
            "processes", used.pids.map { "\($0)" }, "processes and threads now",
            show(.pids, "pids.current", "pids.current"))
        for device in used.blockIO {
            add(
                "device \(device.major):\(device.minor)",
                "\(device.readInBytes) bytes read, \(device.writtenInBytes) written",
                "what went to and from a block device",
                show(.blockIO, "blkio.throttle.io_service_bytes_recursive", "io.stat"))
        }
        return lines
    }

    /// How long its processes waited for something (Documentation/accounting/psi.rst).
    private func pressureLines(of cgroup: Cgroup) throws(Problem) -> [ExplainedLine] {
        var lines: [ExplainedLine] = []
        for (controller, file, what) in [
            (CgroupController.cpu, "cpu.pressure", "a processor"),
            (.memory, "memory.pressure", "memory"), (.blockIO, "io.pressure", "a block device"),
        ] {
            guard let directory = cgroup.layout.isUnified ? cgroup.directory(for: controller) : nil,
                let text = try read(file, of: controller, in: cgroup)
            else { continue }
            lines.append(
                ExplainedLine(
                    file, effective: text,
                    why: "the share of time in which processes waited for \(what)",
                    origin: "the kernel counts it", command: "cat \(directory)/\(file)"))
        }
        guard lines.isEmpty else { return lines }
        return [
            ExplainedLine(
                "pressure", effective: "not counted for this cgroup",
                why: "how long its processes waited for processors, memory and devices",
                origin: cgroup.layout.isUnified
                    ? "this kernel counts none" : "cgroup version 1 has no such files",
                command: "cat /proc/pressure/memory")
        ]
    }
}

/// Which flag of `run` asks for a member of `linux.resources`.
enum ResourceFlag {
    static func origin(of spec: String, _ request: ResourceRequest) -> String {
        let name = spec.split(separator: ".").dropFirst(2).joined(separator: ".")
        guard let flag = flag(of: name, request) else { return spec }
        return "\(flag) (\(spec))"
    }

    private static func flag(of name: String, _ request: ResourceRequest) -> String? {
        func text(_ flag: String, _ value: (some CustomStringConvertible)?) -> String {
            value.map { "\(flag) \($0)" } ?? flag
        }
        switch name {
        case "memory.limit": return text("--memory", request.memoryInBytes)
        case "memory.swap":
            return request.memoryAndSwapInBytes.map { "--memory-swap \($0)" }
                ?? "default with --memory: as much swap as memory"
        case "memory.reservation":
            return text("--memory-reservation", request.memoryReservationInBytes)
        case "memory.swappiness": return text("--memory-swappiness", request.swappiness)
        case "memory.disableOOMKiller": return "--oom-kill-disable"
        case "cpu.shares": return text("--cpu-shares", request.cpuShares)
        case "cpu.quota", "cpu.period", "cpu":
            if let cpus = request.nanoCPUs {
                return "--cpus \(Double(cpus) / 1_000_000_000)"
            }
            return name == "cpu.period"
                ? text("--cpu-period", request.cpuPeriodInMicroseconds)
                : request.cpuQuotaInMicroseconds.map { "--cpu-quota \($0)" } ?? "--cpus"
        case "cpu.cpus": return text("--cpuset-cpus", request.cpusetCPUs)
        case "cpu.mems": return text("--cpuset-mems", request.cpusetMemoryNodes)
        case "pids.limit": return text("--pids-limit", request.pidsLimit)
        case "blockIO.weight": return text("--blkio-weight", request.blockIOWeight)
        case "blockIO.weightDevice": return "--blkio-weight-device"
        case "blockIO.throttleReadBpsDevice": return "--device-read-bps"
        case "blockIO.throttleWriteBpsDevice": return "--device-write-bps"
        case "blockIO.throttleReadIOPSDevice": return "--device-read-iops"
        case "blockIO.throttleWriteIOPSDevice": return "--device-write-iops"
        default: return nil
        }
    }
}
