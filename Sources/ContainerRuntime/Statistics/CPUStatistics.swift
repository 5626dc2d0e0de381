import Diagnostics
import Linux
import OCI

extension ContainerStatistics {
    /// Processor time in nanoseconds: `cpuacct.usage…` and `cpu.stat`; version 2 has all in one.
    static func cpu(_ files: CgroupReadings) throws(Problem) -> JSONObject {
        var cpu = JSONObject()
        if files.version(.cpuAccounting) == .v2 {
            let table = try files.table("cpu.stat", .cpuAccounting)
            let inNanoseconds = { (name: String) in table[name].map { $0 * 1000 } }
            var usage = JSONObject()
            usage.addUnlessZero("total", inNanoseconds("usage_usec"))
            usage.add("kernel", inNanoseconds("system_usec"))
            usage.add("user", inNanoseconds("user_usec"))
            cpu.append("usage", .object(usage))
            cpu.append("throttling", throttling(table, time: inNanoseconds("throttled_usec")))
            cpu.add(try pressure("cpu.pressure", of: .cpuAccounting, files))
            return cpu
        }
        cpu.append("usage", .object(try legacyUsage(files)))
        let table = try files.table("cpu.stat", .cpu)
        cpu.append("throttling", throttling(table, time: table["throttled_time"]))
        return cpu
    }

    private static func legacyUsage(_ files: CgroupReadings) throws(Problem) -> JSONObject {
        var usage = JSONObject()
        usage.addUnlessZero("total", try files.number("cpuacct.usage", .cpuAccounting))
        usage.addUnlessEmpty("percpu", try files.numbers("cpuacct.usage_percpu", .cpuAccounting))
        // Lines of "0 1234 5678" under the heading "cpu user system".
        let rows = (try files.text("cpuacct.usage_all", .cpuAccounting) ?? "")
            .split(separator: "\n").dropFirst()
            .map { $0.split(separator: " ").compactMap { UInt64($0) } }
            .filter { $0.count >= 3 }
        usage.addUnlessEmpty("percpu_kernel", rows.map { $0[2] })
        usage.addUnlessEmpty("percpu_user", rows.map { $0[1] })
        usage.add("kernel", try files.number("cpuacct.usage_sys", .cpuAccounting))
        usage.add("user", try files.number("cpuacct.usage_user", .cpuAccounting))
        return usage
    }

    private static func throttling(_ table: [String: UInt64], time: UInt64?) -> JSONValue {
        var throttling = JSONObject()
        throttling.addUnlessZero("periods", table["nr_periods"])
        throttling.addUnlessZero("throttledPeriods", table["nr_throttled"])
        throttling.addUnlessZero("throttledTime", time)
        return .object(throttling)
    }

    /// Processors, memory nodes and switches of `cpuset`; zeros on version 2, as runc has it.
    static func cpuSet(_ files: CgroupReadings) throws(Problem) -> JSONObject {
        let isLegacy = files.version(.cpuset) == .v1
        var set = JSONObject()
        let number = { (name: String) throws(Problem) -> UInt64? in
            isLegacy ? try files.number("cpuset.\(name)", .cpuset) : nil
        }
        let list = { (name: String) throws(Problem) -> [UInt64] in
            let text = isLegacy ? try files.text("cpuset.\(name)", .cpuset) : nil
            return (NumberList.parse(text?.filter { $0 != "\n" } ?? "") ?? []).map(UInt64.init)
        }
        set.addUnlessEmpty("cpus", try list("cpus"))
        set.add("cpu_exclusive", try number("cpu_exclusive"))
        set.addUnlessEmpty("mems", try list("mems"))
        for name in [
            "mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page",
            "memory_spread_slab", "memory_pressure", "sched_load_balance",
        ] {
            set.add(name, try number(name))
        }
        let level =
            isLegacy ? try files.text("cpuset.sched_relax_domain_level", .cpuset) : nil
        let relaxation = level.flatMap { Int64($0.filter { $0 != "\n" }) } ?? 0
        set.append("sched_relax_domain_level", .number(JSONNumber(relaxation)))
        return set
    }
}
