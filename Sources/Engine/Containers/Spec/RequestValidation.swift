import ContainerRuntime
import Diagnostics
import Linux

/// The checks of a request that need no image, with Docker's texts.
extension ContainerRequest {
    func validate(on host: SpecHost) throws(Problem) {
        try validateName()
        if let directory = process.workingDirectory, !directory.hasPrefix("/") {
            throw invalid(
                "use working directory \(directory)",
                "the working directory '\(directory)' is invalid, it needs to be an absolute path")
        }
        if let stopSignal, Signal(named: stopSignal) == nil {
            throw invalid("use --stop-signal", "Invalid signal: \(stopSignal)")
        }
        if isRemovedAfterExit, restartPolicy != .no {
            throw invalid(
                "create a container with --rm and --restart",
                "a container cannot both be removed and started again")
        }
        try validateUserNamespace(isRootless: host.isRootless)
        if process.additionalGroups.contains(ProcessRequest.keptGroups), !process.keepsGroups {
            throw invalid(
                "use --group-add keep-groups",
                "the '--group-add keep-groups' option is not allowed with any other --group-add "
                    + "options")
        }
        try health.validate()
        try validateMounts()
        try validateMemory()
        try validateProcessors(on: host)
        try resources.check(on: host.cgroupAccess)
        _ = try LogOptions(logging)
        _ = try security.capabilities(on: host)
        _ = try SecurityOptions(security.options)
    }

    /// Checks who says that the container is ready; to be called with what the image says.
    func checkNotification() throws(Problem) {
        guard notification == .healthy, health.isEmpty else { return }
        throw invalid(
            "use --sdnotify healthy",
            "sdnotify policy \"healthy\" requires a healthcheck to be set")
    }

    /// Checks the name, where there is one.
    func validateName() throws(Problem) {
        if let name, !Self.isValid(name: name) {
            throw Problem(
                kind: .invalid, what: "Invalid container name (\(name))",
                why: "only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, and two characters or more",
                fix: "choose another name, such as web-1")
        }
    }

    private static func isValid(name: String) -> Bool {
        let bytes = Array(name.utf8)
        func isAlphanumeric(_ byte: UInt8) -> Bool {
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                || (0x61...0x7a).contains(byte)
        }
        guard bytes.count >= 2, isAlphanumeric(bytes[0]) else { return false }
        return bytes.dropFirst().allSatisfy { byte in
            isAlphanumeric(byte) || byte == 0x5f || byte == 0x2e || byte == 0x2d
        }
    }

    private func validateMounts() throws(Problem) {
        var targets: Set<String> = []
        for mount in mounts {
            guard mount.target.hasPrefix("/") else {
                throw invalid(
                    "mount at '\(mount.target)'",
                    "invalid mount path: '\(mount.target)' mount path must be absolute")
            }
            let target = mount.target.split(separator: "/").joined(separator: "/")
            guard !target.isEmpty else {
                throw invalid("mount at '/'", "invalid specification: destination can't be '/'")
            }
            guard targets.insert(target).inserted else {
                throw invalid(
                    "mount twice at one place", "Duplicate mount point: \(mount.target)")
            }
        }
    }

    private func validateMemory() throws(Problem) {
        let limit = resources.memoryInBytes
        if let limit, limit < 6 << 20 {
            throw invalid(
                "limit memory to \(limit) bytes", "Minimum memory limit allowed is 6MB",
                fix: "the unit is bytes where none is given: -m 64m is 64 MiB")
        }
        if let swap = resources.memoryAndSwapInBytes, swap > 0 {
            guard let limit else {
                throw invalid(
                    "limit swap",
                    "You should always set the Memory limit when using Memoryswap limit, see usage"
                )
            }
            guard swap >= limit else {
                throw invalid(
                    "limit swap to \(swap) bytes",
                    "Minimum memoryswap limit should be larger than memory limit, see usage")
            }
        }
        if let reservation = resources.memoryReservationInBytes {
            if reservation < 6 << 20 {
                throw invalid(
                    "reserve \(reservation) bytes",
                    "Minimum memory reservation allowed is 6MB")
            }
            if let limit, limit < reservation {
                throw invalid(
                    "reserve \(reservation) bytes",
                    "Minimum memory limit can not be less than memory reservation limit, see usage"
                )
            }
        }
        if let swappiness = resources.swappiness, !(-1...100).contains(swappiness) {
            throw invalid(
                "use --memory-swappiness",
                "Invalid value: \(swappiness), valid memory swappiness range is 0-100")
        }
        if !(-1000...1000).contains(process.outOfMemoryScoreAdjustment) {
            throw invalid(
                "use --oom-score-adj",
                "Invalid value \(process.outOfMemoryScoreAdjustment), range for oom score adj is "
                    + "[-1000, 1000]")
        }
    }

    private func validateProcessors(on host: SpecHost) throws(Problem) {
        if let nanoCPUs = resources.nanoCPUs {
            if resources.cpuPeriodInMicroseconds != nil || resources.cpuQuotaInMicroseconds != nil {
                throw invalid(
                    "limit the CPU",
                    "Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set")
            }
            let most = Int64(host.processorCount) * 1_000_000_000
            guard (10_000_000...max(most, 10_000_000)).contains(nanoCPUs) else {
                throw invalid(
                    "use --cpus",
                    "range of CPUs is from 0.01 to \(host.processorCount).00, as there are only "
                        + "\(host.processorCount) CPUs available",
                    fix: "leave the flag out for no limit")
            }
        }
        if let shares = resources.cpuShares, shares < 0 {
            throw invalid(
                "use --cpu-shares",
                "invalid CPU shares (\(shares)): value must be a "
                    + "positive integer")
        }
        if let period = resources.cpuPeriodInMicroseconds, !(1000...1_000_000).contains(period) {
            throw invalid(
                "use --cpu-period",
                "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s "
                    + "(i.e. 1000000)")
        }
        if let quota = resources.cpuQuotaInMicroseconds, quota > 0, quota < 1000 {
            throw invalid(
                "use --cpu-quota", "CPU cfs quota can not be less than 1ms (i.e. 1000)")
        }
        if let weight = resources.blockIOWeight, !(10...1000).contains(weight) {
            throw invalid("use --blkio-weight", "Range of blkio weight is from 10 to 1000")
        }
    }

    private func invalid(_ action: String, _ why: String, fix: String? = nil) -> Problem {
        Problem(kind: .invalid, what: "cannot \(action)", why: why, fix: fix)
    }
}
