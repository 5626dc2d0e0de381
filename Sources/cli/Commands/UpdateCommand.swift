import Diagnostics
import Engine
import Networking

/// `kade update`: changes the limits and the restart policy of containers.
struct UpdateCommand: Command {
    var change = ContainerUpdate()
    var published: [[PortSpec]] = []
    var unpublished: [[PortSpec]] = []
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<UpdateCommand> {
        Grammar(
            name: "update", synopsis: "[OPTIONS] CONTAINER [CONTAINER...]",
            summary: "Update configuration of one or more containers",
            discussion: """
                A container that runs has the new limits at once, and every container keeps them.
                What is not given stays as it is.
                """,
            flags: limitFlags + portFlags, operands: .atLeast(1),
            operandKind: .containers,
            assign: { $0.names = $1 })
    }

    /// What limits there are, and the restart policy.
    static var limitFlags: [Flag<UpdateCommand>] { processorFlags + memoryFlags }

    private static var processorFlags: [Flag<UpdateCommand>] {
        let realTime = "the kernel's real-time group scheduling is not supported yet"
        return [
            .value(
                "blkio-weight", nil, "uint16",
                "Block IO (relative weight), between 10 and 1000, or 0 to disable",
                \.change.resources.blockIOWeight, BlockWeightFlag.parse),
            .value(
                "cpu-period", nil, "int", "Limit CPU CFS (Completely Fair Scheduler) period",
                \.change.resources.cpuPeriodInMicroseconds, NumberValue.parse),
            .value(
                "cpu-quota", nil, "int", "Limit CPU CFS (Completely Fair Scheduler) quota",
                \.change.resources.cpuQuotaInMicroseconds, NumberValue.parse),
            .unsupported("cpu-rt-period", nil, "int", why: realTime),
            .unsupported("cpu-rt-runtime", nil, "int", why: realTime),
            .value(
                "cpu-shares", "c", "int", "CPU shares (relative weight)",
                \.change.resources.cpuShares, NumberValue.parse),
            .value(
                "cpus", nil, "decimal", "Number of CPUs", \.change.resources.nanoCPUs,
                CPUCount.parse),
            .text(
                "cpuset-cpus", nil, "string", "CPUs in which to allow execution (0-3, 0,1)",
                \.change.resources.cpusetCPUs),
            .text(
                "cpuset-mems", nil, "string", "MEMs in which to allow execution (0-3, 0,1)",
                \.change.resources.cpusetMemoryNodes),
        ]
    }

    private static var memoryFlags: [Flag<UpdateCommand>] {
        [
            .unsupported(
                "kernel-memory", nil, "bytes", why: "the kernel has no such limit any more"),
            .value(
                "memory", "m", "bytes", "Memory limit", \.change.resources.memoryInBytes,
                ByteSize.parse),
            .value(
                "memory-reservation", nil, "bytes", "Memory soft limit",
                \.change.resources.memoryReservationInBytes, ByteSize.parse),
            .value(
                "memory-swap", nil, "bytes",
                "Swap limit equal to memory plus swap: -1 to enable unlimited swap",
                \.change.resources.memoryAndSwapInBytes, ByteSize.parseOrUnlimited),
            .value(
                "pids-limit", nil, "int", "Tune container pids limit (set -1 for unlimited)",
                \.change.resources.pidsLimit, NumberValue.parse),
            .value(
                "restart", nil, "string", "Restart policy to apply when a container exits",
                \.change.restartPolicy, RestartFlag.parse),
        ]
    }

    private static var portFlags: [Flag<UpdateCommand>] {
        [
            .list(
                "publish", "p", "list", "Publish one more of the container's ports",
                \.published, PortFlag.parse),
            .list(
                "rm-p", nil, "list",
                "Publish a port no longer: PORT, or HOSTPORT:PORT where it is published twice",
                \.unpublished, PortFlag.parse),
        ]
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var change = change
        change.published = published.flatMap(\.self)
        change.unpublished = unpublished.flatMap(\.self)
        guard change != ContainerUpdate() else {
            throw Problem(
                kind: .invalid, what: "nothing to update",
                why: "you must provide one or more flags when using this command",
                fix: "see 'kade update --help'")
        }
        let containers = try session.engine().containers
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            for warning in try containers.update(name, change) { try session.warn(warning) }
            return name
        }
    }
}
