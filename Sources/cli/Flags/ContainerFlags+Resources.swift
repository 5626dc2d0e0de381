import Engine

// The limits and devices of `run` and `create`.
extension ContainerFlags {
    static var cpuFlags: [Flag<ContainerFlags>] {
        [
            .value(
                "cpus", nil, "decimal", "Number of CPUs", \.request.resources.nanoCPUs,
                CPUCount.parse),
            .value(
                "cpu-period", nil, "int", "Limit CPU CFS (Completely Fair Scheduler) period",
                \.request.resources.cpuPeriodInMicroseconds, NumberValue.parse),
            .value(
                "cpu-quota", nil, "int", "Limit CPU CFS (Completely Fair Scheduler) quota",
                \.request.resources.cpuQuotaInMicroseconds, NumberValue.parse),
            .value(
                "cpu-shares", "c", "int", "CPU shares (relative weight)",
                \.request.resources.cpuShares, NumberValue.parse),
            .text(
                "cpuset-cpus", nil, "string", "CPUs in which to allow execution (0-3, 0,1)",
                \.request.resources.cpusetCPUs),
            .text(
                "cpuset-mems", nil, "string", "MEMs in which to allow execution (0-3, 0,1)",
                \.request.resources.cpusetMemoryNodes),
            .value(
                "pids-limit", nil, "int", "Tune container pids limit (set -1 for unlimited)",
                \.request.resources.pidsLimit, NumberValue.parse),
            .list(
                "ulimit", nil, "ulimit", "Ulimit options", \.request.resources.limits,
                UlimitFlag.parse),
            .text(
                "cgroup-parent", nil, "string", "Optional parent cgroup for the container",
                \.request.resources.cgroupParent),
        ]
    }

    static var memoryFlags: [Flag<ContainerFlags>] {
        [
            .value(
                "memory", "m", "bytes", "Memory limit", \.request.resources.memoryInBytes,
                ByteSize.parse),
            .value(
                "memory-reservation", nil, "bytes", "Memory soft limit",
                \.request.resources.memoryReservationInBytes, ByteSize.parse),
            .value(
                "memory-swap", nil, "bytes",
                "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
                \.request.resources.memoryAndSwapInBytes, ByteSize.parseOrUnlimited),
            .value(
                "memory-swappiness", nil, "int", "Tune container memory swappiness (0 to 100)",
                \.request.resources.swappiness, NumberValue.parse(in: 0...100)),
            .switch(
                "oom-kill-disable", nil, "Disable OOM Killer",
                \.request.resources.isOutOfMemoryKillDisabled),
            .value(
                "shm-size", nil, "bytes", "Size of /dev/shm", \.request.resources.shmSizeInBytes,
                ByteSize.parse),
        ]
    }

    static var deviceFlags: [Flag<ContainerFlags>] {
        [
            .value(
                "blkio-weight", nil, "uint16",
                "Block IO (relative weight), between 10 and 1000, or 0 to disable",
                \.request.resources.blockIOWeight, BlockWeightFlag.parse),
            .list(
                "blkio-weight-device", nil, "list", "Block IO weight (relative device weight)",
                \.request.resources.blockIOWeights, DeviceRateFlag.parseWeight),
            .list(
                "device-read-bps", nil, "list",
                "Limit read rate (bytes per second) from a device",
                \.request.resources.readBytesPerSecond, DeviceRateFlag.parseBytes),
            .list(
                "device-write-bps", nil, "list",
                "Limit write rate (bytes per second) to a device",
                \.request.resources.writeBytesPerSecond, DeviceRateFlag.parseBytes),
            .list(
                "device-read-iops", nil, "list", "Limit read rate (IO per second) from a device",
                \.request.resources.readOperationsPerSecond, DeviceRateFlag.parseOperations),
            .list(
                "device-write-iops", nil, "list", "Limit write rate (IO per second) to a device",
                \.request.resources.writeOperationsPerSecond, DeviceRateFlag.parseOperations),
            .list(
                "device", nil, "list",
                "Add a host device to the container, or a CDI device (VENDOR/CLASS=NAME)",
                \.devices, DeviceFlag.parse),
            .list(
                "gpus", nil, "gpu-request",
                "GPU devices to add to the container, of a CDI specification ('all' for all GPUs)",
                \.request.security.gpus, GPUFlag.parse),
            .list(
                "device-cgroup-rule", nil, "list", "Add a rule to the cgroup allowed devices list",
                \.request.security.deviceRules, DeviceRuleFlag.parse),
        ]
    }
}

/// `--blkio-weight`: 10 to 1000; 0 leaves the kernel's own.
enum BlockWeightFlag {
    static func parse(_ text: String) throws(InvalidValue) -> Int {
        let weight = try NumberValue.parseInt(text)
        guard weight == 0 || (10...1000).contains(weight) else {
            throw InvalidValue("range of blkio weight is from 10 to 1000")
        }
        return weight
    }
}
