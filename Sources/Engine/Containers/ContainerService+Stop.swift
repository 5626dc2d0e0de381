import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Signals: stop, kill and restart, through the monitor where it lives.
extension ContainerService {
    /// Stops: the stop signal, and SIGKILL after the timeout; nil takes the container's own values.
    ///
    /// A container that does not run is left as it is.
    package func stop(
        _ name: String, signal: String?, timeoutInSeconds: Int?
    ) throws(Problem) {
        let record = try context.record(of: name)
        let status = try context.settledStatus(of: record, restarting: false)
        let number = try signal.map { text throws(Problem) in try Self.signal(text) }
        let timeout = timeoutInSeconds ?? record.request.stopTimeoutInSeconds ?? 10
        try context.end(
            status, signal: number ?? record.request.stopSignalNumber,
            timeoutInMilliseconds: timeout < 0 ? -1 : Int32(clamping: Int64(timeout) * 1000),
            waits: true)
        if status.truth.isMonitorAlive { context.tell(.stop, of: record) }
    }

    /// Sends a signal, by name (`KILL`, `SIGKILL`) or number.
    package func kill(_ name: String, signal: String) throws(Problem) {
        let number = try Self.signal(signal)
        let record = try context.record(of: name)
        let status = try context.settledStatus(of: record, restarting: false)
        guard let pid = status.state.pid, let lifecycle = status.lifecycle else {
            throw Problem(
                kind: .conflict, what: "cannot kill container: \(name)",
                why: "container \(record.id) is not running")
        }
        // A user who kills a container wants no restart: Docker counts these two signals as that.
        if number == SIGKILL || number == record.request.stopSignalNumber,
            status.truth.isMonitorAlive
        {
            try context.end(
                status, signal: number, timeoutInMilliseconds: -1, waits: number == SIGKILL)
            return
        }
        try context.send(number, to: pid, startTime: lifecycle.pidStartTime, of: record)
        context.tell(.kill, of: record, ["signal": "\(number)"])
        if number == SIGKILL, case .paused = status.state { try context.thawToEnd(record) }
    }

    /// Stops where needed, and starts.
    package func restart(
        _ name: String, signal: String?, timeoutInSeconds: Int?
    ) throws(Problem) {
        let record = try context.record(of: name)
        try context.checkDescriptors(of: record)  // before it is stopped
        try stop(record.id, signal: signal, timeoutInSeconds: timeoutInSeconds)
        _ = try start(record.id, attaching: [], removesAfterExit: false)
        context.tell(.restart, of: record)
    }

    /// Freezes all processes.
    package func pause(_ name: String) throws(Problem) {
        let record = try context.record(of: name)
        _ = try context.settledStatus(of: record, restarting: true)
        try context.withLock(on: record.id) { () throws(Problem) in
            switch try context.status(of: record).state {
            case .running: break
            case .paused:
                throw Problem(
                    kind: .conflict, what: "cannot pause container \(name)",
                    why: "container \(record.id) is already paused")
            default:
                throw Problem(
                    kind: .conflict, what: "cannot pause container \(name)",
                    why: "container \(record.id) is not running")
            }
            guard try context.cgroup(of: record) != nil else {
                throw Problem(
                    kind: .unsupported, what: "cannot pause container \(name)",
                    why: Problem.noCgroupToFreeze,
                    fix: "start it where a cgroup is delegated to you, or as root")
            }
            try context.removePauseLock(of: record)
            let what = "cannot pause container \(name)"
            try context.whileRunning(record, what: what) { () throws(Problem) in
                try context.runRuntime(["pause", record.id], on: record.id, what: what)
            }
            context.tell(.pause, of: record)
        }
    }

    /// Thaws all processes.
    package func unpause(_ name: String) throws(Problem) {
        let record = try context.record(of: name)
        try context.withLock(on: record.id) { () throws(Problem) in
            guard case .paused = try context.status(of: record).state else {
                throw Problem(
                    kind: .conflict, what: "cannot unpause container \(name)",
                    why: "container \(record.id) is not paused")
            }
            try context.whileRunning(record, what: "cannot unpause container \(name)") {
                () throws(Problem) in try context.resume(record)
            }
            context.tell(.unpause, of: record)
        }
    }

    /// Blocks until the container is not running, and returns its exit code.
    package func wait(_ name: String) throws(Problem) -> Int32 {
        let record = try context.record(of: name)
        let status = try context.settledStatus(of: record, restarting: true)
        guard status.truth.isMonitorAlive else {
            return status.state.exitCode
        }
        return try context.waitForEnd(of: status)
    }

    /// Reads a signal as `kill` takes it.
    static func signal(_ text: String) throws(Problem) -> Int32 {
        guard let signal = Signal(named: text) else {
            throw Problem(
                kind: .invalid, what: "invalid signal: \(text)",
                why: "it is neither a name nor a number of signal(7)", fix: "for example TERM")
        }
        return signal.rawValue
    }
}

extension EngineContext {
    /// Ends a container for good, without a restart, and waits until it has ended where that is
    /// wanted.
    func end(
        _ status: ContainerStatus, signal: Int32, timeoutInMilliseconds: Int32, waits: Bool
    ) throws(Problem) {
        guard status.truth.isMonitorAlive else { return }
        let record = status.record
        if let plan {
            plan.note(
                .end(status, signal: signal, timeoutInMilliseconds: timeoutInMilliseconds),
                by: .monitor)
            return plan.noteEnd(of: record.id)
        }
        let session: ContainerSession
        do throws(Problem) {
            session = try ContainerSession(
                connectingTo: configuration.monitorSocket(of: record.id),
                containerID: record.id)
        } catch {
            // It ended between the look and the call, or it is stuck and has no socket.
            if try settledStatus(of: record, restarting: false).truth.isMonitorAlive { throw error }
            return
        }
        // Without an attach the monitor answers nothing, and reads this whenever we leave.
        try session.send(
            ClientMessage.stop(
                signal: UInt8(truncatingIfNeeded: signal),
                timeoutInMilliseconds: timeoutInMilliseconds))
        if case .paused = status.state { try thawToEnd(record) }
        if waits, try session.waitForExit() == nil {
            // The monitor was killed meanwhile. The container stays ended, as was asked.
            try waitForMonitor(of: status)
            _ = try settledStatus(of: record, restarting: false)
        }
    }

    /// Waits for the end of a monitor that has closed its socket already.
    private func waitForMonitor(of status: ContainerStatus) throws(Problem) {
        guard let lifecycle = status.lifecycle,
            let monitor = try openProcess(
                lifecycle.monitorPid, startTime: lifecycle.monitorStartTime)
        else { return }
        try explaining("cannot wait for process \(monitor.id)") { () throws(SystemCallError) in
            _ = try Poll.wait(
                for: [monitor.descriptor.rawValue], .readable, milliseconds: 10_000)
        }
    }

    /// Waits until a container does not run any more, and returns its exit code.
    func waitForEnd(of status: ContainerStatus) throws(Problem) -> Int32 {
        let record = status.record
        if status.truth.isMonitorAlive {
            let session: ContainerSession
            do throws(Problem) {
                session = try ContainerSession(
                    connectingTo: configuration.monitorSocket(of: record.id),
                    containerID: record.id)
            } catch {
                let now = try self.status(of: record)
                if now.truth.isMonitorAlive { throw error }
                return now.state.exitCode
            }
            try session.send(ClientMessage.attach([]))
            if let code = try session.waitForExit() { return code }
        }
        // The monitor was killed; where another command has started it again, that was the end.
        let now = try self.status(of: record).state
        return now.isAlive ? 255 : now.exitCode
    }

    /// Thaws a container.
    func resume(_ record: ContainerRecord) throws(Problem) {
        try runRuntime(
            ["resume", record.id], on: record.id,
            what: "cannot unpause container \(record.name)")
    }

    /// Thaws a container that was sent a signal to end it.
    ///
    /// In cgroup version 2 SIGKILL ends a frozen process, so that it may be gone already.
    func thawToEnd(_ record: ContainerRecord) throws(Problem) {
        do throws(Problem) {
            try resume(record)
        } catch {
            if case .paused = try status(of: record).state { throw error }
        }
    }

    /// Sends a signal to a container's first process, never to a later one of its number.
    func send(
        _ signal: Int32, to pid: Int32, startTime: UInt64, of record: ContainerRecord
    ) throws(Problem) {
        if let plan { return plan.note(.kill(pid, signal), by: .engine) }
        guard let process = try openProcess(pid, startTime: startTime) else {
            throw Problem(
                kind: .conflict, what: "cannot kill container: \(record.name)",
                why: "container \(record.id) is not running")
        }
        try explaining("cannot kill container: \(record.name)") { () throws(SystemCallError) in
            try process.send(Signal(rawValue: signal))
        }
    }

    private func openProcess(
        _ pid: Int32, startTime: UInt64
    ) throws(Problem) -> ChildProcess? {
        try explaining("cannot look at process \(pid)") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                let process = try ChildProcess(opening: pid)
                // Looked at after it is held: so it is the right one, or it has ended.
                guard try processStartTime(pid) == startTime else { return nil }
                return process
            } catch  where error.errno == .noSuchProcess {
                return nil
            }
        }
    }
}

extension Problem {
    /// Why a container cannot be paused.
    static let noCgroupToFreeze = "it has no cgroup of its own, which could be frozen"
}

extension ContainerSession {
    /// Waits for the exit event; nil when the monitor went away without it.
    fileprivate func waitForExit() throws(Problem) -> Int32? {
        while let event = try receive() {
            if case .exited(let code) = event { return code }
        }
        return nil
    }
}
