import Diagnostics
import Glibc
import Linux
import OCI

/// Processor time: `linux.resources.cpu` without the sets (runtime-spec, config-linux.md § CPU).
///
/// | field | version 1 | version 2 | systemd |
/// |---|---|---|---|
/// | `quota`, `period` | `cpu.cfs_quota_us`, `cpu.cfs_period_us` | `cpu.max` | `CPUQuotaPerSecUSec` … |
/// | `burst` | `cpu.cfs_burst_us` | `cpu.max.burst` | – |
/// | `shares` | `cpu.shares` | `cpu.weight` | `CPUWeight` (v1 `CPUShares`) |
/// | `idle` | `cpu.idle` | `cpu.idle` | `CPUWeight` of 0 |
/// | `realtimeRuntime`, `realtimePeriod` | `cpu.rt_runtime_us`, `cpu.rt_period_us` | – | – |
///
/// 0 means that a value is not set, except for `idle` and `burst`.
enum CPULimit {
    private static let field = "linux.resources.cpu"

    static func steps(
        for cpu: RuntimeSpec.CPU, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard isLimited(cpu) else { return [] }
        return switch try cgroup.version(of: .cpu, for: field) {
        case .v1: legacySteps(for: cpu, in: cgroup)
        case .v2: try unifiedSteps(for: cpu, in: cgroup)
        }
    }

    /// Whether any field asks for something.
    static func isLimited(_ cpu: RuntimeSpec.CPU) -> Bool {
        set(cpu.shares) != nil || set(cpu.quota) != nil || set(cpu.period) != nil
            || cpu.burst != nil || cpu.idle != nil || isRealtime(cpu)
    }

    /// The same limits as properties of the container's unit.
    ///
    /// systemd knows the weight 0 since version 252: it is `cpu.idle`.
    static func unitProperties(
        for cpu: RuntimeSpec.CPU, in cgroup: Cgroup, version: Int
    ) -> [UnitProperty] {
        var properties = quotaProperties(quota: set(cpu.quota), period: set(cpu.period))
        if cgroup.layout.version(of: .cpu) == .v1 {
            if let shares = set(cpu.shares) {
                properties.append(UnitProperty("CPUShares", .uint64(shares)))
            }
        } else if cpu.idle == 1, version >= 252 {
            properties.append(UnitProperty("CPUWeight", .uint64(0)))
        } else if let shares = set(cpu.shares) {
            properties.append(UnitProperty("CPUWeight", .uint64(weight(ofShares: shares))))
        }
        return properties
    }

    /// systemd counts whole percents of a processor: what is between is rounded up, and the
    /// kernel's own file has the exact value.
    static func quotaProperties(quota: Int64?, period: UInt64?) -> [UnitProperty] {
        guard quota != nil || period != nil else { return [] }
        var share = UnitProperty.infinity
        if let quota, quota > 0 {
            let (percent, rest) = (UInt64(quota) &* 100).quotientAndRemainder(
                dividingBy: period ?? 100_000)
            share = .uint64((percent + (rest > 0 ? 1 : 0)) &* 10_000)
        }
        return (period.map { [UnitProperty("CPUQuotaPeriodUSec", .uint64($0))] } ?? [])
            + [UnitProperty("CPUQuotaPerSecUSec", share)]
    }

    private static func legacySteps(
        for cpu: RuntimeSpec.CPU, in cgroup: Cgroup
    ) -> [any SetupStep] {
        let time = [
            write(cgroup, "cpu.cfs_period_us", set(cpu.period), "period", whyQuota),
            write(cgroup, "cpu.cfs_quota_us", set(cpu.quota), "quota", whyQuota),
            write(cgroup, "cpu.cfs_burst_us", cpu.burst, "burst", whyBurst),
        ]
        let weight = [
            write(cgroup, "cpu.shares", set(cpu.shares), "shares", whyShares),
            write(cgroup, "cpu.idle", cpu.idle, "idle", whyIdle),
        ]
        let realtime = [
            write(
                cgroup, "cpu.rt_period_us", set(cpu.realtimePeriod), "realtimePeriod", whyRealtime),
            write(
                cgroup, "cpu.rt_runtime_us", set(cpu.realtimeRuntime), "realtimeRuntime",
                whyRealtime),
        ]
        return together(weight, "shares", whyShares) + together(time, "quota", whyQuota)
            + together(realtime, "realtimeRuntime", whyRealtime)
    }

    private static func unifiedSteps(
        for cpu: RuntimeSpec.CPU, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        if isRealtime(cpu) { throw .onlyInVersion1("\(field).realtimeRuntime") }
        var maximum: WriteCgroupFile?
        if set(cpu.quota) != nil || set(cpu.period) != nil {
            let quota = set(cpu.quota).flatMap { $0 > 0 ? "\($0)" : nil } ?? "max"
            maximum = WriteCgroupFile(
                cgroup, .cpu, "cpu.max", "\(quota) \(set(cpu.period) ?? 100_000)",
                spec: "\(field).quota", why: whyQuota)
        }
        let weight = [
            write(
                cgroup, "cpu.weight", set(cpu.shares).map(weight(ofShares:)), "shares", whyShares),
            write(cgroup, "cpu.idle", cpu.idle, "idle", whyIdle),
        ]
        let time = [maximum, write(cgroup, "cpu.max.burst", cpu.burst, "burst", whyBurst)]
        return together(weight, "shares", whyShares) + together(time, "quota", whyQuota)
    }

    /// The `cpu.weight` (1 to 10000) of version 1 shares (2 to 262144).
    ///
    /// The curve goes through the ends and the defaults: 2 → 1, 1024 → 100, 262144 → 10000; it is
    /// the one that other runtimes use (kubernetes/enhancements KEP-2254, revised 2025).
    static func weight(ofShares shares: UInt64) -> UInt64 {
        if shares <= 2 { return 1 }
        if shares >= 262_144 { return 10_000 }
        let power = log2(Double(shares))
        let exponent = (power * power + 125 * power) / 612.0 - 7.0 / 34.0
        return UInt64(pow(10, exponent).rounded(.up))
    }

    private static func write<Number: BinaryInteger>(
        _ cgroup: Cgroup, _ file: String, _ value: Number?, _ name: String, _ why: String
    ) -> WriteCgroupFile? {
        guard let value else { return nil }
        return WriteCgroupFile(
            cgroup, .cpu, file, "\(value)", spec: "\(field).\(name)", why: why)
    }

    private static func together(
        _ optional: [WriteCgroupFile?], _ name: String, _ why: String
    ) -> [any SetupStep] {
        let writes = optional.compactMap { $0 }
        guard writes.count > 1 else { return writes }
        return [WriteCgroupFilesTogether(writes: writes, spec: "\(field).\(name)", why: why)]
    }

    private static func isRealtime(_ cpu: RuntimeSpec.CPU) -> Bool {
        set(cpu.realtimeRuntime) != nil || set(cpu.realtimePeriod) != nil
    }

    /// A value that is set: 0 is not.
    private static func set<Number: BinaryInteger>(_ value: Number?) -> Number? {
        value == 0 ? nil : value
    }

    private static let whyQuota = "the processor time the container may use in each period"
    private static let whyBurst = "time that was not used and may be used later at once"
    private static let whyShares = "the container's part of processor time when all want some"
    private static let whyIdle = "whether the container runs only when nobody else wants to"
    private static let whyRealtime = "the time that realtime processes may run in each period"
}
