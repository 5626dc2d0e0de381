import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// Watches over one container: owns its streams, log, exit code and restart policy.
///
/// One process for each running container, single-threaded around one `epoll(7)`. It outlives the
/// command that started it; commands reach it through its socket (``ClientMessage``).
final class Monitor {
    private(set) var configuration: MonitorConfiguration
    let sources: MonitorSources
    var clients: [UInt64: Client] = [:]
    var phase = Phase.waitingForClient
    var log: ContainerLog
    /// The checks of the program that runs; nil without any.
    var health: HealthChecks?
    /// What tells of memory that runs out; nil without a limit.
    var memoryEvents: OutOfMemoryEvents?
    var hasToldOutOfMemory = false
    /// Whether the program runs again after this end, because it was unhealthy.
    var restartsAfterEnd = false
    /// nil where the container has no network of its own, or only the loopback.
    let network: ContainerNetwork?
    /// The container's user namespace; nil where it has none of its own.
    let userNamespace: KeptUserNamespace?
    /// Whether a process answers questions about names.
    var isAnsweringNames = false
    var lifecycle: LifecycleFile
    private var backoff = RestartBackoff()
    var wasStopped = false
    private let passed: PassedDescriptors
    /// What is held of layers that have not arrived; nil before the mounts are made.
    var arrivals: ArrivalHolds?
    /// Why layers of the container will never be whole.
    var arrivalFault: Problem?
    private var nextToken = MonitorSources.Token.firstClient
    /// Where the steps of each start go, after those that the engine has written.
    private var steps: StepFile
    /// What tells the client that waits for the first start of its steps; nil where it does not want
    /// that, and after that start.
    private(set) var stepTeller: StepTeller?
    /// Why those of a start that failed are not there, which is told with its problem.
    private var unrecorded: Problem?

    /// Where the container is in its life.
    enum Phase {
        /// The first client has not said yet which streams it wants.
        case waitingForClient
        case running(ContainerRun)
        /// The program has ended, after a run of so many milliseconds.
        case ended(runInMilliseconds: Int64)
        /// The program runs again when the alarm rings.
        case restarting
    }

    /// Prepares to watch; the first client, if there is one, is connected already.
    init(
        _ configuration: MonitorConfiguration, _ network: ContainerNetwork?,
        _ userNamespace: KeptUserNamespace?, _ passed: PassedDescriptors, firstClient: Client?
    ) throws(Problem) {
        self.passed = passed
        self.configuration = configuration
        self.network = network
        self.userNamespace = userNamespace
        lifecycle = try LifecycleFile(configuration)
        let file = FilePath(configuration.bundle).appending("steps")
        steps = try explaining("cannot look at \(file)") { () throws(SystemCallError) in
            try StepFile(continuing: file)
        }
        log = try ContainerLog(configuration.log)
        sources = try MonitorSources(socket: FilePath(configuration.socket))
        if let firstClient { try add(firstClient) }
        stepTeller = firstClient?.stepTeller
        firstClient?.stepTeller = nil
    }

    /// Whether a client that is connected has promised to remove the container.
    var isRemovedByClient: Bool {
        clients.values.contains { $0.options.contains(.willRemove) }
    }

    /// Whether the container ran and has ended for good.
    var hasEnded: Bool { lifecycle.status == .exited }

    /// Runs the container until it has ended for good, or could not be started.
    ///
    /// Clients and `lifecycle.json` know how it ended.
    ///
    /// - Parameter host: the mount namespace that shared bind mounts are peers in.
    /// - Throws: when not even that can be noted.
    func watch(sharingWith host: FilePath) throws(Problem) {
        do throws(Problem) {
            try watchRuns(sharingWith: host)
        } catch {
            try giveUp(error)
        }
    }

    private func watchRuns(sharingWith host: FilePath) throws(Problem) {
        try turn { self.clients.values.allSatisfy(\.isAttached) }
        repeat {
            do throws(Problem) {
                try begin(sharingWith: host)
            } catch {
                phase = .ended(runInMilliseconds: 0)
                // Whoever started it may have been killed on the way.
                _ = try Delete.run(
                    configuration.id, in: runtimeRoot, isForced: true,
                    bundle: FilePath(configuration.bundle))
                return try fail(error)
            }
            try turn { if case .ended = self.phase { true } else { false } }
        } while try runsAgain()
        leaveNetwork()
        lifecycle.status = .exited
        let noteProblem = noteState()
        try stopListening()
        try tellAll(.exited(code: lifecycle.exitCode))
        if let noteProblem { throw noteProblem }
    }

    /// Ends the container because this monitor cannot go on: nobody would take its output, nor
    /// learn how it ends.
    private func giveUp(_ problem: Problem) throws(Problem) {
        if case .running = phase {
            _ = try Delete.run(configuration.id, in: runtimeRoot, isForced: true)
            lifecycle.exitCode = 255
            lifecycle.end.isLost = true
            lifecycle.finishedAt = currentTimestamp()
        }
        lifecycle.error = problem.description
        leaveNetwork()
        lifecycle.status = .exited
        lifecycle.problem = problem.jsonObject
        try end(telling: problem)
    }

    /// Notes the end, as far as that is possible, and tells everyone why.
    private func end(telling problem: Problem) throws(Problem) {
        var problem = problem
        if let noteProblem = noteState() { problem.why += "; and \(noteProblem)" }
        try stopListening()
        try tellAll(.problem(json: problem.json))
    }

    /// Writes `lifecycle.json`.
    ///
    /// - Returns: why that failed.
    private func noteState() -> Problem? {
        do throws(Problem) {
            try lifecycle.write()
            return nil
        } catch {
            return error
        }
    }

    var runtimeRoot: RuntimeRoot { RuntimeRoot(path: FilePath(configuration.runtimeRoot)) }

    /// Waits until the client that promised to remove the container hangs up.
    func waitForRemoval() throws(Problem) {
        try turn { !self.isRemovedByClient }
    }

    /// Lets the last messages arrive.
    func close() throws(Problem) {
        try turn { !self.clients.values.contains(where: \.isCongested) }
    }

    /// Removes the socket: whoever hears of the end finds nothing of the monitor any more.
    private func stopListening() throws(Problem) {
        try explaining("cannot remove \(configuration.socket)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                try Link.remove(FilePath(configuration.socket))
            } catch  where error.errno == .noSuchFileOrDirectory {
                // A client that heard of the end was faster: it removed the container.
            }
        }
    }

    /// Waits for events and answers them until a condition holds.
    private func turn(until isDone: () -> Bool) throws(Problem) {
        while !isDone() {
            try adjustInterests()
            for event in try sources.wait() { try answer(event) }
        }
    }

    // MARK: The container's life

    private func begin(sharingWith host: FilePath) throws(Problem) {
        try prepareStart()
        let run = try ContainerRun.begin(
            configuration, sharingWith: host, on: network, in: userNamespace,
            whileArriving: arrivals, noting: steps, telling: stepTeller,
            passing: passed.forNextRun())
        stepTeller = nil
        passed.close(unlessRestartedBy: configuration)
        phase = .running(run)
        lifecycle.keepPreviousEnd()
        lifecycle.status = .running
        lifecycle.pid = run.process.id
        lifecycle.pidStartTime = run.startTime
        lifecycle.startedAt = currentTimestamp()
        lifecycle.finishedAt = nil
        lifecycle.error = nil
        lifecycle.problem = nil
        try lifecycle.write()
        if let file = configuration.pidFile { try run.writePid(to: FilePath(file)) }
        if configuration.timeLimitInMilliseconds > 0 {
            try sources.setAlarm(milliseconds: configuration.timeLimitInMilliseconds)
        }
        try sources.want(
            .readable, of: run.process.descriptor.rawValue, MonitorSources.Token.process)
        tell(.start)
        try beginNotifications(of: run)
        try beginHealthChecks()
        try tellAll(.started(pid: run.process.id))
        try watchMemory()
        // Its steps are written meanwhile, for which only those wait who ask for them.
        if let number = run.startDescriptor {
            try sources.want(.readable, of: number, MonitorSources.Token.start)
        }
    }

    /// Takes note that the process which started the container is done, or waits until it is.
    func finishStart(of run: ContainerRun) throws(Problem) {
        guard let number = run.startDescriptor else { return }
        try sources.want([], of: number, MonitorSources.Token.start)
        let recordProblem = try run.finishStart()
        steps.goOn(isWritten: recordProblem == nil)
        if let recordProblem {
            lifecycle.error = recordProblem
            try lifecycle.write()
        }
        // Now it waits, and there is one for each container.
        releaseUnusedMemory()
    }

    /// Notes steps that were done once, for all runs; they are written with those of the first one.
    func note(_ done: MonitorSteps) {
        if configuration.recordsSteps { steps.note(done.records) }
    }

    /// Writes the steps that were done before the monitor failed at one.
    func recordFailure() {
        guard configuration.recordsSteps else { return }
        do throws(SystemCallError) {
            try steps.write(network?.takeSteps() ?? [])
        } catch {
            unrecorded = .unrecorded(in: steps.path, error)
        }
    }

    /// Connects the container to its networks, and lets others find it there.
    private func prepareStart() throws(Problem) {
        do throws(Problem) {
            if let arrivalFault { throw arrivalFault }
            try network?.setUp(telling: stepTeller)
            lifecycle.ports = network?.ports ?? []
            try network?.publishNames(of: configuration.id)
            try watchNames()
        } catch {
            recordFailure()
            throw error
        }
    }

    /// Makes networks and ports what `network.json` says now.
    func changeNetwork() throws(Problem) {
        guard let network else {
            throw Problem(
                kind: .conflict, what: "cannot change the container's networks",
                why: "it was started without one", fix: "restart it, and try again")
        }
        let outcome = Result { () throws(Problem) in try network.change() }
        lifecycle.ports = network.ports
        try watchNames()
        switch phase {
        case .running, .restarting: try lifecycle.write()
        case .waitingForClient, .ended: break  // written with what comes next
        }
        try outcome.get()
    }

    /// Gives the container's ports back; what cannot be taken away is noted.
    private func leaveNetwork() {
        lifecycle.ports = []
        for token in [
            MonitorSources.Token.nameDatagrams, MonitorSources.Token.nameConnections,
            MonitorSources.Token.nameProcess,
        ] {
            sources.forget(token)
        }
        for problem in network?.leave() ?? [] {
            lifecycle.error = ContainerEnd.error(lifecycle.error, adding: problem.description)
        }
    }

    /// Notes that the container could not be started, and tells everyone.
    func fail(_ problem: Problem) throws(Problem) {
        lifecycle.error = problem.description
        if let unrecorded {
            lifecycle.error = ContainerEnd.error(lifecycle.error, adding: unrecorded.description)
        }
        leaveNetwork()
        lifecycle.status = .failed
        lifecycle.problem = problem.jsonObject
        lifecycle.exitCode =
            switch problem.kind {
            case .commandNotFound: 127
            case .commandNotExecutable: 126
            default: 128
            }
        lifecycle.finishedAt = currentTimestamp()
        try end(telling: problem)
    }

    /// Takes note of the program's end and removes what the runtime made.
    func end(_ run: ContainerRun) throws(Problem) {
        let status = try explaining("cannot learn how the program ended") {
            () throws(SystemCallError) in try run.process.wait()
        }
        try network?.withdrawNames()
        try drain(run)
        log.finish()
        try endHealthChecks()
        try noteEnd(status, of: run)
        try endMemoryWatch(wasOutOfMemory: lifecycle.wasOutOfMemory)
        let complaints = try Delete.run(configuration.id, in: runtimeRoot, isForced: true)
        // A short program has ended before its steps were written.
        try finishStart(of: run)
        // What was told of the run already stays, where the end itself has nothing to tell.
        lifecycle.error =
            arrivalFault?.description ?? complaints.first?.description ?? log.gap?.text
            ?? lifecycle.error
        for token in MonitorSources.Token.process...MonitorSources.Token.input {
            sources.forget(token)
        }
        sources.forget(MonitorSources.Token.notification)
        let length = Int64(monotonicNanoseconds() / 1_000_000) - run.startInMilliseconds
        phase = .ended(runInMilliseconds: length)
        tell(.die, ["execDuration": "\(length / 1000)", "exitCode": "\(lifecycle.exitCode)"])
    }

    /// Decides whether the program runs again, and waits until it is time.
    private func runsAgain() throws(Problem) -> Bool {
        guard case .ended(let run) = phase else { return false }
        let isAsked = restartsAfterEnd && !wasStopped
        restartsAfterEnd = false
        guard
            isAsked
                || configuration.restart.runsAgain(
                    exitCode: lifecycle.exitCode, restartCount: lifecycle.restartCount,
                    wasStopped: wasStopped)
        else { return false }
        lifecycle.status = .restarting
        try lifecycle.write()
        phase = .restarting
        try sources.setAlarm(milliseconds: backoff.wait(afterRunOfMilliseconds: run))
        try turn { if case .restarting = self.phase { self.wasStopped } else { true } }
        guard !wasStopped else { return false }
        lifecycle.restartCount += 1
        return true
    }

    // MARK: What the container is told

    /// Tells readers of `kade events` what happened to the container.
    func tell(_ action: Event.Action, _ attributes: [String: String] = [:]) {
        guard let events = configuration.events else { return }
        EventLog(in: FilePath(events.directory)).append(
            action, of: .container, configuration.id,
            events.attributes.merging(attributes) { $1 })
    }

    /// Reads `monitor.json` again, which a command has changed.
    func reload() throws(Problem) {
        configuration = try .load(fromBundle: FilePath(configuration.bundle))
        try log.reopen()
        try watchNewLimit()
    }

    /// Takes in a client.
    func add(_ client: Client) throws(Problem) {
        try sources.want(.readable, of: client.socket.rawValue, nextToken)
        clients[nextToken] = client
        nextToken += 1
    }
}
