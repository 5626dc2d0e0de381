import SystemPackage

/// What a cgroup has used, and its limits, as the kernel counts them.
///
/// A value is nil when the machine or the cgroup lacks its controller, or when there is no limit.
package struct CgroupStatistics: Sendable, Equatable {
    package var cpuUsageInMicroseconds: UInt64?
    package var cpuUserInMicroseconds: UInt64?
    package var cpuSystemInMicroseconds: UInt64?
    /// How many periods of `cpu.max` have passed, and in how many the limit was reached.
    package var cpuPeriods: UInt64?
    package var cpuThrottledPeriods: UInt64?
    package var cpuThrottledInMicroseconds: UInt64?
    package var memoryUsageInBytes: UInt64?
    /// The part of the usage that is file cache nobody used lately (`inactive_file`).
    package var memoryInactiveFileInBytes: UInt64?
    package var memoryPeakInBytes: UInt64?
    package var memoryLimitInBytes: UInt64?
    package var swapUsageInBytes: UInt64?
    /// How often the kernel killed a process of the cgroup for want of memory.
    package var outOfMemoryKills: UInt64?
    package var pids: UInt64?
    package var pidsLimit: UInt64?
    package var blockIO: [BlockIO] = []

    /// What went to and from one block device.
    package struct BlockIO: Sendable, Equatable {
        package var major: UInt32
        package var minor: UInt32
        package var readInBytes: UInt64 = 0
        package var writtenInBytes: UInt64 = 0
        package var reads: UInt64 = 0
        package var writes: UInt64 = 0
    }
}

extension Cgroup {
    /// How often the kernel killed a process of the cgroup for want of memory.
    ///
    /// Version 1: `oom_kill` of `memory.oom_control`; version 2: of `memory.events`.
    ///
    /// - Returns: nil when the machine does not count it.
    package func outOfMemoryKills() throws(SystemCallError) -> UInt64? {
        let file = layout.version(of: .memory) == .v2 ? "memory.events" : "memory.oom_control"
        return try text(file, .memory).flatMap { CgroupFiles.value(of: "oom_kill", in: $0) }
    }

    /// Reads what the cgroup has used.
    package func statistics() throws(SystemCallError) -> CgroupStatistics {
        var all = CgroupStatistics()
        try readCPU(into: &all)
        try readMemory(into: &all)
        all.outOfMemoryKills = try outOfMemoryKills()
        all.pids = try number("pids.current", .pids)
        all.pidsLimit = try number("pids.max", .pids)
        switch layout.version(of: .blockIO) {
        case .v2: all.blockIO = Self.parseUnifiedIO(try text("io.stat", .blockIO) ?? "")
        case .v1: all.blockIO = try readLegacyIO()
        case nil: break
        }
        return all
    }

    private func readCPU(into all: inout CgroupStatistics) throws(SystemCallError) {
        if layout.isUnified {
            // cpu.stat exists in every version 2 cgroup, also without the controller.
            let text = try text("cpu.stat", .cpuAccounting) ?? ""
            all.cpuUsageInMicroseconds = CgroupFiles.value(of: "usage_usec", in: text)
            all.cpuUserInMicroseconds = CgroupFiles.value(of: "user_usec", in: text)
            all.cpuSystemInMicroseconds = CgroupFiles.value(of: "system_usec", in: text)
            all.cpuPeriods = CgroupFiles.value(of: "nr_periods", in: text)
            all.cpuThrottledPeriods = CgroupFiles.value(of: "nr_throttled", in: text)
            all.cpuThrottledInMicroseconds = CgroupFiles.value(of: "throttled_usec", in: text)
            return
        }
        all.cpuUsageInMicroseconds = try number("cpuacct.usage", .cpuAccounting).map { $0 / 1000 }
        all.cpuUserInMicroseconds =
            try number("cpuacct.usage_user", .cpuAccounting).map { $0 / 1000 }
        all.cpuSystemInMicroseconds =
            try number("cpuacct.usage_sys", .cpuAccounting).map { $0 / 1000 }
        let text = try text("cpu.stat", .cpu) ?? ""
        all.cpuPeriods = CgroupFiles.value(of: "nr_periods", in: text)
        all.cpuThrottledPeriods = CgroupFiles.value(of: "nr_throttled", in: text)
        all.cpuThrottledInMicroseconds =
            CgroupFiles.value(of: "throttled_time", in: text).map { $0 / 1000 }
    }

    private func readMemory(into all: inout CgroupStatistics) throws(SystemCallError) {
        let statistics = try text("memory.stat", .memory) ?? ""
        if layout.version(of: .memory) == .v2 {
            all.memoryUsageInBytes = try number("memory.current", .memory)
            all.memoryPeakInBytes = try number("memory.peak", .memory)
            all.memoryLimitInBytes = try number("memory.max", .memory)
            all.swapUsageInBytes = try number("memory.swap.current", .memory)
            all.memoryInactiveFileInBytes =
                CgroupFiles.value(of: "inactive_file", in: statistics)
            return
        }
        let unlimited: UInt64 = 1 << 62  // version 1 writes the largest page count for "none"
        all.memoryUsageInBytes = try number("memory.usage_in_bytes", .memory)
        all.memoryPeakInBytes = try number("memory.max_usage_in_bytes", .memory)
        all.memoryLimitInBytes =
            try number("memory.limit_in_bytes", .memory).flatMap { $0 < unlimited ? $0 : nil }
        all.memoryInactiveFileInBytes =
            CgroupFiles.value(of: "total_inactive_file", in: statistics)
        if let both = try number("memory.memsw.usage_in_bytes", .memory),
            let memory = all.memoryUsageInBytes
        {
            all.swapUsageInBytes = both > memory ? both - memory : 0
        }
    }

    private func readLegacyIO() throws(SystemCallError) -> [CgroupStatistics.BlockIO] {
        let bytes = try text("blkio.throttle.io_service_bytes_recursive", .blockIO) ?? ""
        let operations = try text("blkio.throttle.io_serviced_recursive", .blockIO) ?? ""
        return Self.parseLegacyIO(bytes: bytes, operations: operations)
    }

    /// Reads lines of "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6".
    static func parseUnifiedIO(_ text: String) -> [CgroupStatistics.BlockIO] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let first = words.first, var device = Self.device(first) else { return nil }
            for word in words.dropFirst() {
                let pair = word.split(separator: "=")
                guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
                switch pair[0] {
                case "rbytes": device.readInBytes = value
                case "wbytes": device.writtenInBytes = value
                case "rios": device.reads = value
                case "wios": device.writes = value
                default: continue
                }
            }
            return device
        }
    }

    /// Reads lines of "8:0 Read 4096" from the two files of version 1.
    static func parseLegacyIO(bytes: String, operations: String) -> [CgroupStatistics.BlockIO] {
        var devices: [CgroupStatistics.BlockIO] = []
        for (text, isBytes) in [(bytes, true), (operations, false)] {
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ")
                guard words.count == 3, let value = UInt64(words[2]), let found = device(words[0])
                else { continue }
                let known = devices.firstIndex {
                    $0.major == found.major && $0.minor == found.minor
                }
                let index = known ?? devices.endIndex
                if known == nil { devices.append(found) }
                switch (words[1], isBytes) {
                case ("Read", true): devices[index].readInBytes = value
                case ("Write", true): devices[index].writtenInBytes = value
                case ("Read", false): devices[index].reads = value
                case ("Write", false): devices[index].writes = value
                default: continue
                }
            }
        }
        return devices
    }

    private static func device(_ word: Substring) -> CgroupStatistics.BlockIO? {
        let numbers = word.split(separator: ":")
        guard numbers.count == 2, let major = UInt32(numbers[0]), let minor = UInt32(numbers[1])
        else { return nil }
        return CgroupStatistics.BlockIO(major: major, minor: minor)
    }

    /// A file's only number; nil when there is no such file or when it says "max".
    private func number(
        _ file: String, _ controller: CgroupController
    ) throws(SystemCallError) -> UInt64? {
        try text(file, controller).flatMap { UInt64($0.prefix { $0 != "\n" }) }
    }

    private func text(
        _ file: String, _ controller: CgroupController
    ) throws(SystemCallError) -> String? {
        do {
            return try read(file, of: controller)
        } catch
            where error.errno == .noSuchFileOrDirectory
            || error.errno == .operationNotSupportedByDevice
        {
            return nil
        }
    }
}
