import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// One run of the container's program, with the monitor's ends of its streams.
final class ContainerRun {
    /// The program's first process, a child of this one.
    let process: ChildProcess
    /// When the kernel made it, in ticks since boot.
    let startTime: UInt64
    /// The monitor's ends of the program's streams.
    let streams: MonitorStreams
    /// When the program began, on the monotonic clock.
    let startInMilliseconds = Int64(monotonicNanoseconds() / 1_000_000)

    private init(
        process: consuming ChildProcess, startTime: UInt64, streams: MonitorStreams
    ) {
        self.process = process
        self.startTime = startTime
        self.streams = streams
    }

    /// Creates and starts the container.
    ///
    /// - Parameters:
    ///   - configuration: what the engine tells the monitor.
    ///   - host: the mount namespace that shared bind mounts are peers in.
    /// - Returns: the run, whose program has started.
    /// - Throws: after everything that was made is gone again.
    static func begin(
        _ configuration: MonitorConfiguration, sharingWith host: FilePath
    ) throws(Problem) -> ContainerRun {
        var request = Create.Request(
            id: configuration.id, bundle: try .load(FilePath(configuration.bundle)),
            root: RuntimeRoot(path: FilePath(configuration.runtimeRoot)),
            isStartedElsewhere: false)
        request.recordsSteps = configuration.recordsSteps
        request.sharingNamespace = host
        if configuration.hasTerminal {
            var container = try started(request, configuration)
            return ContainerRun(
                process: try hold(container), startTime: container.state.initStartTime ?? 0,
                streams: try MonitorStreams(terminal: container.consoleMaster.take()))
        }
        let streams = try MonitorStreams(hasInput: configuration.isInputOpen)
        request.streams = streams.ofProgram
        let container = try started(request, configuration)
        streams.closeProgramSide()
        return ContainerRun(
            process: try hold(container), startTime: container.state.initStartTime ?? 0,
            streams: streams)
    }

    private static func started(
        _ request: Create.Request, _ configuration: MonitorConfiguration
    ) throws(Problem) -> CreatedContainer {
        var container = try Create.run(request)
        do throws(Problem) {
            try container.start()
        } catch {
            try record(container.stepRecords(), configuration)
            throw container.takeBack(after: error)
        }
        try record(container.stepRecords(), configuration)
        return container
    }

    /// Holds the first process on its own, so that what setting it up needed can be let go.
    private static func hold(
        _ container: borrowing CreatedContainer
    ) throws(Problem) -> ChildProcess {
        let id = container.process.id
        return try explaining("cannot hold process \(id)") { () throws(SystemCallError) in
            try ChildProcess(opening: id)
        }
    }

    /// Appends the steps of this start to `steps.jsonl`.
    private static func record(
        _ steps: [StepRecord], _ configuration: MonitorConfiguration
    ) throws(Problem) {
        guard !steps.isEmpty else { return }
        let path = FilePath(configuration.bundle).appending("steps.jsonl")
        try explaining("cannot record the steps in \(path)") { () throws(SystemCallError) in
            try OwnedFD.open(
                path, [.writeOnly, .create, .append], permissions: .ownerReadWrite
            ).writeAll(steps.flatMap(\.jsonLine))
        }
    }
}
