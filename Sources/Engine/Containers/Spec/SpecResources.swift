import Diagnostics
import OCI

/// The limits of a container's cgroup.
extension SpecBuilder {
    mutating func resources(_ options: SecurityOptions) throws(Problem) -> RuntimeSpec.Resources {
        var resources = try limits()
        let rules = try deviceRules()
        // The kernel takes them from the machine's root alone. An ordinary user's container has the
        // devices that the user may open.
        resources.devices = input.host.isRootless ? [] : rules
        return resources
    }

    /// The limits without the rules of devices.
    mutating func limits() throws(Problem) -> RuntimeSpec.Resources {
        var resources = RuntimeSpec.Resources()
        resources.memory = memory()
        resources.cpu = cpu()
        if let limit = request.resources.pidsLimit {
            resources.pids = .init(limit: limit <= 0 ? -1 : limit)
        }
        resources.blockIO = try blockIO()
        resources.unified = request.resources.unified
        return resources
    }

    mutating func memory() -> RuntimeSpec.Memory? {
        let wanted = request.resources
        var memory = RuntimeSpec.Memory()
        memory.limit = wanted.memoryInBytes
        memory.reservation = wanted.memoryReservationInBytes
        // Docker's default: as much swap as memory.
        memory.swap = wanted.memoryAndSwapInBytes ?? wanted.memoryInBytes.map { $0 * 2 }
        if memory.swap != nil, !input.host.hasSwapAccounting {
            if wanted.memoryAndSwapInBytes != nil {
                warn(
                    "Your kernel does not support swap limit capabilities or the cgroup is not "
                        + "mounted. Memory limited without swap.")
            }
            memory.swap = nil
        }
        if let swappiness = wanted.swappiness, swappiness >= 0 {
            memory.swappiness = UInt64(swappiness)
        }
        if wanted.isOutOfMemoryKillDisabled { memory.disableOOMKiller = true }
        return memory == RuntimeSpec.Memory() ? nil : memory
    }

    private func cpu() -> RuntimeSpec.CPU? {
        let wanted = request.resources
        var cpu = RuntimeSpec.CPU()
        cpu.shares = wanted.cpuShares.map { UInt64(max(0, $0)) }
        cpu.cpus = wanted.cpusetCPUs
        cpu.mems = wanted.cpusetMemoryNodes
        if let nanoCPUs = wanted.nanoCPUs {
            cpu.period = 100_000
            cpu.quota = nanoCPUs * 100_000 / 1_000_000_000
        } else {
            cpu.period = wanted.cpuPeriodInMicroseconds.map { UInt64(max(0, $0)) }
            cpu.quota = wanted.cpuQuotaInMicroseconds
        }
        return cpu == RuntimeSpec.CPU() ? nil : cpu
    }

    private func blockIO() throws(Problem) -> RuntimeSpec.BlockIO? {
        let wanted = request.resources
        var blockIO = RuntimeSpec.BlockIO()
        blockIO.weight = wanted.blockIOWeight.map { UInt16(clamping: $0) }
        for weight in wanted.blockIOWeights {
            let device = try blockDevice(weight.path)
            blockIO.weightDevice.append(
                .init(
                    major: device.major, minor: device.minor, weight: UInt16(clamping: weight.rate))
            )
        }
        blockIO.throttleReadBpsDevice = try throttles(wanted.readBytesPerSecond)
        blockIO.throttleWriteBpsDevice = try throttles(wanted.writeBytesPerSecond)
        blockIO.throttleReadIOPSDevice = try throttles(wanted.readOperationsPerSecond)
        blockIO.throttleWriteIOPSDevice = try throttles(wanted.writeOperationsPerSecond)
        return blockIO == RuntimeSpec.BlockIO() ? nil : blockIO
    }

    private func throttles(
        _ rates: [DeviceRate]
    ) throws(Problem) -> [RuntimeSpec.BlockIO.ThrottleDevice] {
        var list: [RuntimeSpec.BlockIO.ThrottleDevice] = []
        for rate in rates {
            let device = try blockDevice(rate.path)
            list.append(.init(major: device.major, minor: device.minor, rate: rate.rate))
        }
        return list
    }

    private func blockDevice(_ path: String) throws(Problem) -> HostDevice {
        guard let device = input.devices[path], device.isBlock else {
            throw Problem(
                kind: .invalid, what: "cannot limit the speed of \(path)",
                why: "it is no block device", fix: "lsblk --paths lists the block devices")
        }
        return device
    }
}
