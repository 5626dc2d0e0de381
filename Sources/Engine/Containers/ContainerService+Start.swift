import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerService {
    /// Starts a container; with streams, returns the session that they travel over.
    ///
    /// Returns after the program runs (or could not); with streams the `started` event is the
    /// session's first. A container that already runs is left alone, and joined where streams are
    /// wanted. A `--rm` container that cannot start is removed.
    ///
    /// - Parameters:
    ///   - name: the container.
    ///   - streams: what the client wants; empty for a detached start.
    ///   - removesAfterExit: the client promises to call ``removeEnded(_:)`` after the
    ///     exit event of a `--rm` container, which spares the monitor's helper.
    /// - Returns: the session with its monitor.
    /// - Throws: the ``Problem`` that kept the container from starting.
    package func start(
        _ name: String, attaching streams: AttachedStreams, removesAfterExit: Bool
    ) throws(Problem) -> ContainerSession? {
        let record = try context.record(of: name)
        var options = ClientMessage.AttachOptions(streams)
        if removesAfterExit { options.insert(.willRemove) }
        for required in record.request.requires { try startRequired(required, by: record) }
        do throws(Problem) {
            let session = try context.withLock(on: record.id) {
                () throws(Problem) -> ContainerSession? in
                // Read again: another command may have changed it before the lock.
                try context.start(context.record(of: record.id), options, restartCount: 0)
            }
            guard let session else {
                if context.plan != nil { return nil }
                return streams.isEmpty ? nil : try attach(record.id, streams: streams)
            }
            if streams.isEmpty { return nil }
            return session
        } catch {
            if record.request.isRemovedAfterExit, error.kind != .conflict {
                var problem = error
                let leftover = try remove(record.id, force: true, removesVolumes: true)
                if let leftover { problem.why += "; and \(leftover)" }
                throw problem
            }
            throw error
        }
    }

    /// Starts a container that another one requires; those that it requires come before it.
    private func startRequired(_ id: String, by record: ContainerRecord) throws(Problem) {
        do throws(Problem) {
            _ = try start(id, attaching: [], removesAfterExit: false)
        } catch  where error.kind == .notFound {
            throw Problem(
                kind: .conflict, what: "cannot start container \(record.name)",
                why: "it requires the container \(id.prefix(12)), which is gone",
                fix: "make it anew, with --requires of others", cause: error)
        }
    }

    /// Joins the streams of a running container.
    package func attach(
        _ name: String, streams: AttachedStreams
    ) throws(Problem) -> ContainerSession {
        let record = try context.record(of: name)
        switch try context.settledStatus(of: record, restarting: true).state {
        case .running: break
        case .paused:
            throw Problem(
                kind: .conflict, what: "cannot attach to container \(record.name)",
                why: "You cannot attach to a paused container, unpause it first",
                fix: "kade unpause \(record.name)")
        case .restarting:
            throw Problem(
                kind: .conflict, what: "cannot attach to container \(record.name)",
                why: "You cannot attach to a restarting container, wait until it is running")
        default:
            throw Problem(
                kind: .conflict, what: "cannot attach to container \(record.name)",
                why: "You cannot attach to a stopped container, start it first",
                fix: "kade start \(record.name)")
        }
        let session = try ContainerSession(
            connectingTo: context.configuration.monitorSocket(of: record.id),
            containerID: record.id)
        try session.send(ClientMessage.attach(ClientMessage.AttachOptions(streams)))
        context.tell(.attach, of: record)
        return session
    }

    /// Tells that a user has left a session by the detach keys.
    package func noteDetached(from name: String) throws(Problem) {
        context.tell(.detach, of: try context.record(of: name))
    }
}

extension ClientMessage.AttachOptions {
    fileprivate init(_ streams: AttachedStreams) {
        self.init(rawValue: streams.rawValue)  // the protocol's first three bits
    }

    fileprivate var hasStreams: Bool {
        !isDisjoint(with: [.standardInput, .standardOutput, .standardError])
    }
}

extension EngineContext {
    /// Starts a container whose lock is held; nil when it runs already.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - options: what the session takes part in.
    ///   - restartCount: how often its restart policy has started it, with this start.
    /// - Returns: a session with the container's monitor.
    /// - Throws: the ``Problem`` that kept the container from starting.
    func start(
        _ record: ContainerRecord, _ options: ClientMessage.AttachOptions, restartCount: Int
    ) throws(Problem) -> ContainerSession? {
        let status = try status(of: record)
        switch status.state {
        case .running, .restarting: return nil
        case .paused:
            throw Problem(
                kind: .conflict, what: "cannot start container \(record.name)",
                why: "cannot start a paused container, try unpause instead",
                fix: "kade unpause \(record.name)")
        case .dead:
            throw Problem(
                kind: .conflict, what: "cannot start container \(record.name)",
                why: "container is marked for removal and cannot be started",
                fix: "kade rm \(record.name)")
        case .created, .startFailed, .exited: break
        }
        try forgetLastStart(of: record.id)
        do throws(Problem) {
            return try startAgain(status, options, restartCount: restartCount)
        } catch {
            noteStartProblem(error, of: record)
            throw error.naming(failedStepIn: recordedSteps(of: record.id))
        }
    }

    /// Starts a container that does not run.
    private func startAgain(
        _ status: ContainerStatus, _ options: ClientMessage.AttachOptions, restartCount: Int
    ) throws(Problem) -> ContainerSession? {
        let record = status.record
        try withStartHeld(of: record.id) { () throws(Problem) in
            if status.isStale { return try finish(status) }
            // A monitor that was killed before its first word leaves a state without a lifecycle.
            try removeRuntimeState(of: record.id)
        }
        try leaveEarlierNetworks(of: record)
        configuration.watch?.begin(.start(record.name))
        var steps = StepRecorder(for: configuration)
        var started: ContainerSession?
        let command = try monitorCommand(of: record.id, record.request)
        try step(.startMonitor(command)) {
            () throws(Problem) in started = try waitingMonitor(of: record)
        }
        do throws(Problem) {
            // A creation that was killed may not have come so far.
            if case .created = status.state {
                try fillVolumes(of: record, recording: &steps)
            }
            try prepareBundle(
                of: record, isListed: true, restartCount: restartCount, recording: &steps)
        } catch {
            noteFailedSteps(steps, of: record.id)
            throw error
        }
        guard let waiting = started.take() else { return nil }  // it was only planned
        let session = try monitor(waiting, withBridgesOf: record, recording: &steps)
        if options.hasStreams { tell(.attach, of: record) }
        var options = options
        if configuration.watch != nil, configuration.recordsSteps {
            options.insert(.watchesSteps)
        }
        try session.send(ClientMessage.attach(options))
        try session.waitForStart(of: record, showing: configuration.watch)
        return session
    }
}

extension EngineContext {
    /// Disconnects a container from networks of plugins that its last run did not get off.
    private func leaveEarlierNetworks(of record: ContainerRecord) throws(Problem) {
        do throws(Problem) {
            try leavePluginNetworks(of: record.id)
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot start container \(record.name)",
                why: "what its last run has left on its networks cannot be taken away: "
                    + error.why,
                fix: "correct what the plugin complains of, and start it again; or remove it, and "
                    + "what the plugin keeps stays: kade rm -f \(record.name)",
                cause: error)
        }
    }
}

extension ContainerSession {
    /// Waits until the program runs, and leaves the event for the session's user.
    fileprivate func waitForStart(
        of record: ContainerRecord, showing watch: StepWatch?
    ) throws(Problem) {
        while let type = try typeOfNextMessage(of: record, showing: watch) {
            switch type {
            case UInt8(ascii: "S"):
                guard case .step(let step)? = try receiveMessage() else { continue }
                watch?.hear(step)
            case UInt8(ascii: "P"):
                guard case .failed(let problem) = try receive() else { continue }
                throw problem
            default: return
            }
        }
        throw Problem(
            kind: .bug, what: "cannot start container \(record.name)",
            why: "its monitor ended without a word")
    }

    /// - Returns: the first byte of the next message, which stays; nil where the monitor has ended.
    private func typeOfNextMessage(
        of record: ContainerRecord, showing watch: StepWatch?
    ) throws(Problem) -> UInt8? {
        do throws(SystemCallError) {
            try watch?.waitToRead(descriptor)
            return try hear { () throws(SystemCallError) in try socket.firstByteOfNextMessage() }
        } catch {
            throw Problem(what: "cannot hear the monitor of \(record.name)", refusal: error)
        }
    }
}
