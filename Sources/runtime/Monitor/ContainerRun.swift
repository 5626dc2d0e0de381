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
    /// Why the steps of the start could not be recorded; that is no reason not to run.
    let recordingProblem: Problem?
    /// When the program began, on the monotonic clock.
    let startInMilliseconds = Int64(monotonicNanoseconds() / 1_000_000)

    private init(
        _ container: borrowing CreatedContainer, _ recordingProblem: Problem?,
        streams: MonitorStreams
    ) throws(Problem) {
        // Held on its own, so that what setting it up needed can be let go.
        let id = container.process.id
        process = try explaining("cannot hold process \(id)") { () throws(SystemCallError) in
            try ChildProcess(opening: id)
        }
        startTime = container.state.initStartTime ?? 0
        self.streams = streams
        self.recordingProblem = recordingProblem
    }

    /// Creates and starts the container.
    ///
    /// - Parameters:
    ///   - configuration: what the engine tells the monitor.
    ///   - host: the mount namespace that shared bind mounts are peers in.
    /// - Returns: the run, whose program has started.
    /// - Throws: what kept the program from starting; the container may be there still.
    static func begin(
        _ configuration: MonitorConfiguration, sharingWith host: FilePath
    ) throws(Problem) -> ContainerRun {
        var request = Create.Request(
            id: configuration.id, bundle: try .load(FilePath(configuration.bundle)),
            root: RuntimeRoot(path: FilePath(configuration.runtimeRoot)),
            isStartedElsewhere: false)
        request.recordsSteps = configuration.recordsSteps
        request.sharingNamespace = host
        request.endsWithRuntime = true
        let pipes =
            configuration.hasTerminal
            ? nil : try MonitorStreams(hasInput: configuration.isInputOpen)
        if let pipes { request.streams = pipes.ofProgram }
        var container = try Create.run(request)
        var failure: Problem?
        do throws(Problem) { try container.start() } catch { failure = error }
        let recordingProblem = record(container.stepRecords(), configuration)
        if let failure { throw container.takeBack(after: failure) }
        guard let pipes else {
            let streams = try MonitorStreams(terminal: container.consoleMaster.take())
            return try ContainerRun(container, recordingProblem, streams: streams)
        }
        pipes.closeProgramSide()
        return try ContainerRun(container, recordingProblem, streams: pipes)
    }

    /// Appends the steps of this start to `steps.jsonl`.
    ///
    /// - Returns: why that failed.
    private static func record(
        _ steps: [StepRecord], _ configuration: MonitorConfiguration
    ) -> Problem? {
        guard !steps.isEmpty else { return nil }
        let path = FilePath(configuration.bundle).appending("steps.jsonl")
        do throws(SystemCallError) {
            try OwnedFD.open(
                path, [.writeOnly, .create, .append], permissions: .ownerReadWrite
            ).writeAll(steps.flatMap(\.jsonLine))
            return nil
        } catch {
            return Problem(what: "cannot record the steps in \(path)", refusal: error)
        }
    }
}
