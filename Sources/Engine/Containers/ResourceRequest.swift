/// A container's limits; nil and empty mean that the kernel's default stays.
package struct ResourceRequest: Sendable, Equatable {
    /// `-m`.
    package var memoryInBytes: Int64?
    /// `--memory-reservation`.
    package var memoryReservationInBytes: Int64?
    /// `--memory-swap`: memory and swap together; −1 means without limit.
    package var memoryAndSwapInBytes: Int64?
    /// `--memory-swappiness`, 0 to 100.
    package var swappiness: Int?
    /// `--oom-kill-disable`.
    package var isOutOfMemoryKillDisabled = false
    /// `--cpus` in billionths of a CPU, as Docker counts them.
    package var nanoCPUs: Int64?
    /// `--cpu-period`.
    package var cpuPeriodInMicroseconds: Int64?
    /// `--cpu-quota`.
    package var cpuQuotaInMicroseconds: Int64?
    /// `--cpu-shares`.
    package var cpuShares: Int64?
    /// `--cpuset-cpus`: `0-3,7`.
    package var cpusetCPUs: String?
    /// `--cpuset-mems`.
    package var cpusetMemoryNodes: String?
    /// `--pids-limit`; −1 and 0 mean without limit.
    package var pidsLimit: Int64?
    /// `--blkio-weight`, 10 to 1000.
    package var blockIOWeight: Int?
    /// `--device-read-bps`.
    package var readBytesPerSecond: [DeviceRate] = []
    /// `--device-write-bps`.
    package var writeBytesPerSecond: [DeviceRate] = []
    /// `--device-read-iops`.
    package var readOperationsPerSecond: [DeviceRate] = []
    /// `--device-write-iops`.
    package var writeOperationsPerSecond: [DeviceRate] = []
    /// `--ulimit`.
    package var limits: [ProcessLimit] = []
    /// `--shm-size`; nil is 64 MiB.
    package var shmSizeInBytes: Int64?
    /// `--storage-opt size=`: the most that the container may write into its root file system.
    package var rootfsSizeInBytes: Int64?
    /// `--blkio-weight-device`.
    package var blockIOWeights: [DeviceRate] = []
    /// `--cgroup-parent`; nil is `/kade`.
    package var cgroupParent: String?
    /// `--cgroup-conf`: files of cgroup version 2, by name.
    package var unified: [String: String] = [:]
    /// `--rdt-class`: the class of service of resctrl.
    package var resourceControlClass: String?

    package init() {}
}

/// A speed limit of one block device.
package struct DeviceRate: Sendable, Equatable {
    package var path: String
    package var rate: UInt64

    package init(path: String, rate: UInt64) {
        self.path = path
        self.rate = rate
    }
}

/// One `--ulimit`: a name of `getrlimit(2)` in lower case without `RLIMIT_`; −1 means unlimited.
package struct ProcessLimit: Sendable, Equatable {
    package var name: String
    package var soft: Int64
    package var hard: Int64

    package init(name: String, soft: Int64, hard: Int64) {
        self.name = name
        self.soft = soft
        self.hard = hard
    }
}
