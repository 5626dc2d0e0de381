import Diagnostics
import Linux
import OCI

/// Block device speed and weight: `linux.resources.blockIO` (config-linux.md § Block IO).
///
/// | field | version 1 | version 2 |
/// |---|---|---|
/// | `throttleReadBpsDevice` … | `blkio.throttle.read_bps_device` … | `io.max` |
/// | `weight` | `blkio.weight` or `blkio.bfq.weight` | `io.bfq.weight` or `io.weight` |
/// | `weightDevice` | `blkio.weight_device` or `blkio.bfq.weight_device` | the same files |
/// | `leafWeight` | `blkio.leaf_weight` | – |
///
/// Version 1 limits only direct input and output, version 2 all of it.
enum BlockIOLimit {
    private static let field = "linux.resources.blockIO"

    static func steps(
        for limits: RuntimeSpec.BlockIO, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        guard isLimited(limits) else { return [] }
        return switch try cgroup.version(of: .blockIO, for: field) {
        case .v1: legacyWeights(limits, cgroup) + legacyThrottles(limits, cgroup)
        case .v2: try unifiedWeights(limits, cgroup) + unifiedThrottles(limits, cgroup)
        }
    }

    /// What systemd knows of it, as properties of the container's unit: the weight of version 1.
    static func unitProperties(
        for limits: RuntimeSpec.BlockIO, in cgroup: Cgroup
    ) -> [UnitProperty] {
        guard cgroup.layout.version(of: .blockIO) == .v1, let weight = set(limits.weight) else {
            return []
        }
        return [UnitProperty("BlockIOWeight", .uint64(UInt64(weight)))]
    }

    /// Whether any field asks for something.
    static func isLimited(_ limits: RuntimeSpec.BlockIO) -> Bool {
        set(limits.weight) != nil || set(limits.leafWeight) != nil || !limits.weightDevice.isEmpty
            || throttles(of: limits).contains { !$0.devices.isEmpty }
    }

    private static func legacyWeights(
        _ limits: RuntimeSpec.BlockIO, _ cgroup: Cgroup
    ) -> [any SetupStep] {
        var steps: [WriteCgroupFile] = []
        if let weight = set(limits.weight) {
            steps.append(write(cgroup, ["blkio.weight", "blkio.bfq.weight"], weight, "weight"))
        }
        if let leaf = set(limits.leafWeight) {
            steps.append(write(cgroup, ["blkio.leaf_weight"], leaf, "leafWeight"))
        }
        for device in limits.weightDevice {
            let numbers = "\(device.major):\(device.minor)"
            if let weight = set(device.weight) {
                steps.append(
                    write(
                        cgroup, ["blkio.weight_device", "blkio.bfq.weight_device"],
                        "\(numbers) \(weight)", "weightDevice"))
            }
            if let leaf = set(device.leafWeight) {
                steps.append(
                    write(
                        cgroup, ["blkio.leaf_weight_device"], "\(numbers) \(leaf)", "weightDevice"))
            }
        }
        return steps
    }

    private static func unifiedWeights(
        _ limits: RuntimeSpec.BlockIO, _ cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        if set(limits.leafWeight) != nil
            || limits.weightDevice.contains(where: { set($0.leafWeight) != nil })
        {
            throw .onlyInVersion1("\(field).leafWeight")
        }
        var steps: [WriteCgroupFile] = []
        if let weight = set(limits.weight) {
            steps.append(unifiedWeight(cgroup, prefix: "", weight, "weight"))
        }
        for device in limits.weightDevice {
            guard let weight = set(device.weight) else { continue }
            let prefix = "\(device.major):\(device.minor) "
            steps.append(unifiedWeight(cgroup, prefix: prefix, weight, "weightDevice"))
        }
        return steps
    }

    private static func unifiedWeight(
        _ cgroup: Cgroup, prefix: String, _ weight: UInt16, _ name: String
    ) -> WriteCgroupFile {
        // BFQ takes the weights of version 1 as they are, the io.cost controller has its own scale.
        let converted = ioWeight(ofWeight: UInt64(weight))
        return WriteCgroupFile(
            cgroup, .blockIO,
            candidates: [
                .init(file: "io.bfq.weight", values: ["\(prefix)\(weight)"]),
                .init(
                    file: "io.weight",
                    values: [prefix.isEmpty ? "default \(converted)" : "\(prefix)\(converted)"]),
            ], spec: "\(field).\(name)", why: whyWeight)
    }

    /// The `io.weight` (1 to 10000) of a version 1 weight (10 to 1000).
    static func ioWeight(ofWeight weight: UInt64) -> UInt64 {
        1 + (max(weight, 10) - 10) * 9999 / 990
    }

    private static func legacyThrottles(
        _ limits: RuntimeSpec.BlockIO, _ cgroup: Cgroup
    ) -> [any SetupStep] {
        throttles(of: limits).flatMap { throttle in
            throttle.devices.map {
                WriteCgroupFile(
                    cgroup, .blockIO, throttle.legacyFile, "\($0.major):\($0.minor) \($0.rate)",
                    spec: "\(field).\(throttle.name)", why: whyThrottle)
            }
        }
    }

    private static func unifiedThrottles(
        _ limits: RuntimeSpec.BlockIO, _ cgroup: Cgroup
    ) -> [any SetupStep] {
        throttles(of: limits).flatMap { throttle in
            throttle.devices.map { device in
                // Version 1 takes 0 for "no limit", so the specification's 0 means that.
                let rate = device.rate == 0 ? "max" : "\(device.rate)"
                return WriteCgroupFile(
                    cgroup, .blockIO, "io.max",
                    "\(device.major):\(device.minor) \(throttle.key)=\(rate)",
                    spec: "\(field).\(throttle.name)", why: whyThrottle)
            }
        }
    }

    /// One of the four speed limits, and what each version calls it.
    private struct Throttle {
        var name: String
        var devices: [RuntimeSpec.BlockIO.ThrottleDevice]
        var legacyFile: String
        var key: String
    }

    private static func throttles(of limits: RuntimeSpec.BlockIO) -> [Throttle] {
        [
            Throttle(
                name: "throttleReadBpsDevice", devices: limits.throttleReadBpsDevice,
                legacyFile: "blkio.throttle.read_bps_device", key: "rbps"),
            Throttle(
                name: "throttleWriteBpsDevice", devices: limits.throttleWriteBpsDevice,
                legacyFile: "blkio.throttle.write_bps_device", key: "wbps"),
            Throttle(
                name: "throttleReadIOPSDevice", devices: limits.throttleReadIOPSDevice,
                legacyFile: "blkio.throttle.read_iops_device", key: "riops"),
            Throttle(
                name: "throttleWriteIOPSDevice", devices: limits.throttleWriteIOPSDevice,
                legacyFile: "blkio.throttle.write_iops_device", key: "wiops"),
        ]
    }

    private static func write(
        _ cgroup: Cgroup, _ files: [String], _ value: some CustomStringConvertible, _ name: String
    ) -> WriteCgroupFile {
        WriteCgroupFile(
            cgroup, .blockIO,
            candidates: files.map { .init(file: $0, values: [value.description]) },
            spec: "\(field).\(name)", why: whyWeight)
    }

    /// A weight that is set: 0 is not.
    private static func set(_ weight: UInt16?) -> UInt16? { weight == 0 ? nil : weight }

    private static let whyWeight = "the container's part of a device's time when all want some"
    private static let whyThrottle = "the container's reads and writes wait beyond this rate"
}
