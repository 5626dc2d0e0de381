package import Diagnostics
package import Linux
package import OCI

/// Every limit of `linux.resources` (runtime-spec, config-linux.md § Control groups).
package enum ResourceLimits {
    /// The steps that apply the limits to a cgroup that exists, at its creation.
    ///
    /// - Throws: when a value is wrong, or when the machine cannot keep a limit.
    package static func steps(
        for resources: RuntimeSpec.Resources, in cgroup: Cgroup, on host: HostFacts
    ) throws(Problem) -> [any SetupStep] {
        try DeviceRules.steps(for: resources.devices, in: cgroup, on: host)
            + updateSteps(for: resources, in: cgroup)
    }

    /// The steps that change the limits of a running container: all but the devices.
    ///
    /// - Throws: when a value is wrong, or when the machine cannot keep a limit.
    package static func updateSteps(
        for resources: RuntimeSpec.Resources, in cgroup: Cgroup
    ) throws(Problem) -> [any SetupStep] {
        var steps: [any SetupStep] = []
        if let cpu = resources.cpu {
            steps += try CPUSet.steps(for: cpu, in: cgroup)
            steps += try CPULimit.steps(for: cpu, in: cgroup)
        }
        if let memory = resources.memory {
            steps += try MemoryLimit.steps(for: memory, in: cgroup)
        }
        if let pids = resources.pids { steps += try PIDsLimit.steps(for: pids, in: cgroup) }
        if let blockIO = resources.blockIO {
            steps += try BlockIOLimit.steps(for: blockIO, in: cgroup)
        }
        steps += try HugePagesLimit.steps(for: resources.hugepageLimits, in: cgroup)
        if let network = resources.network {
            steps += try NetworkPriority.steps(for: network, in: cgroup)
        }
        steps += try RDMALimit.steps(for: resources.rdma, in: cgroup)
        return steps + (try UnifiedSettings.steps(for: resources.unified, in: cgroup))
    }

    /// The limits as properties of the container's unit, as far as systemd knows them; the kernel's
    /// files get all of them afterwards.
    ///
    /// - Parameters:
    ///   - resources: the limits.
    ///   - cgroup: the unit's.
    ///   - version: systemd's.
    ///   - isRunning: whether the unit is there already: then what cannot change is left out.
    /// - Returns: the properties.
    /// - Throws: when a value is wrong.
    static func unitProperties(
        for resources: RuntimeSpec.Resources, in cgroup: Cgroup, version: Int, isRunning: Bool
    ) throws(Problem) -> [UnitProperty] {
        var properties =
            isRunning ? [] : try DeviceRules.unitProperties(for: resources.devices)
        if let memory = resources.memory {
            properties += try MemoryLimit.unitProperties(for: memory, in: cgroup)
        }
        if let cpu = resources.cpu {
            properties += CPULimit.unitProperties(for: cpu, in: cgroup, version: version)
            properties += try CPUSet.unitProperties(for: cpu)
        }
        if let pids = resources.pids { properties += PIDsLimit.unitProperties(for: pids) }
        if let blockIO = resources.blockIO {
            properties += BlockIOLimit.unitProperties(for: blockIO, in: cgroup)
        }
        properties += try UnifiedSettings.unitProperties(for: resources.unified, version: version)
        return isRunning ? properties.filter { $0.name != "OOMPolicy" } : properties
    }

    /// What is enabled besides the controllers that are needed, so that use can be measured and the
    /// cause of death be told.
    package static let measured: [CgroupController] = [.cpu, .memory, .pids, .blockIO]

    /// The controllers that the limits need.
    package static func controllers(for resources: RuntimeSpec.Resources) -> [CgroupController] {
        var needed: [CgroupController] = []
        if let cpu = resources.cpu {
            if CPUSet.isLimited(cpu) { needed.append(.cpuset) }
            if CPULimit.isLimited(cpu) { needed.append(.cpu) }
        }
        if let memory = resources.memory, MemoryLimit.isLimited(memory) { needed.append(.memory) }
        if (resources.pids?.limit ?? -1) >= 0 { needed.append(.pids) }
        if let blockIO = resources.blockIO, BlockIOLimit.isLimited(blockIO) {
            needed.append(.blockIO)
        }
        if !resources.hugepageLimits.isEmpty { needed.append(.hugetlb) }
        if !resources.rdma.isEmpty { needed.append(.rdma) }
        needed += UnifiedSettings.controllers(of: resources.unified)
        return CgroupController.allCases.filter(needed.contains)
    }
}
