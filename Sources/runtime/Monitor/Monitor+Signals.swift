import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The signals that the container's program gets, and who wanted them.
extension Monitor {
    /// Sends a signal to the program, unless it has ended.
    private func send(_ signal: Signal) throws(Problem) {
        guard case .running(let run) = phase else { return }
        try explaining("cannot send \(signal.name) to the container") {
            () throws(SystemCallError) in
            do throws(SystemCallError) {
                try run.process.send(signal)
            } catch  where error.errno == .noSuchProcess {
                return
            }
        }
    }

    /// Passes a signal on that a client has for the program.
    func pass(_ signal: Signal, of client: Client) throws(Problem) {
        note(signal, .passed, of: client.identity)
        try send(signal)
    }

    /// Notes that a user wants the container's end, before anything else can happen.
    func noteStopByUser() throws(Problem) {
        guard !lifecycle.wasStoppedByUser else { return }
        lifecycle.wasStoppedByUser = true
        switch phase {
        case .running, .restarting: try lifecycle.write()
        case .waitingForClient, .ended: return  // written with what comes next
        }
    }

    /// Ends the container for good: a signal, and SIGKILL after the time limit.
    func stop(
        _ signal: Signal, timeoutInMilliseconds: Int32, because reason: ContainerEnd.Reason,
        of client: ContainerEnd.Client?
    ) throws(Problem) {
        wasStopped = true
        try endRun(
            signal, timeoutInMilliseconds: timeoutInMilliseconds, because: reason, of: client)
    }

    /// Ends the program, which may run again: a signal, and SIGKILL after the time limit.
    func endRun(
        _ signal: Signal, timeoutInMilliseconds: Int32, because reason: ContainerEnd.Reason,
        of client: ContainerEnd.Client?
    ) throws(Problem) {
        guard case .running = phase else { return }
        try kill(signal, because: reason, of: client)
        if timeoutInMilliseconds == 0 { return try kill(.kill, because: .patience, of: client) }
        guard timeoutInMilliseconds > 0 else { return }
        try sources.setAlarm(milliseconds: Int64(timeoutInMilliseconds))
    }

    /// Sends a signal that is to end the program, and tells of it.
    private func kill(
        _ signal: Signal, because reason: ContainerEnd.Reason, of client: ContainerEnd.Client?
    ) throws(Problem) {
        note(signal, reason, of: client)
        try send(signal)
        tell(.kill, ["signal": "\(signal.rawValue)"])
    }

    /// Keeps in mind why a signal was sent, for the record of the run's end.
    private func note(
        _ signal: Signal, _ reason: ContainerEnd.Reason, of client: ContainerEnd.Client?
    ) {
        guard case .running = phase else { return }
        // A terminal may pass on many; the last ones tell why the run has ended.
        if lifecycle.end.sent.count >= 16 { lifecycle.end.sent.removeFirst() }
        lifecycle.end.sent.append(
            ContainerEnd.SentSignal(
                signal: signal.rawValue, reason: reason, time: currentTimestamp(), client: client))
    }

    /// The alarm rang: the time limit of a stop or of the run is over, or the program is to run again.
    func alarm() throws(Problem) {
        guard try sources.alarmRang() else { return }
        switch phase {
        case .running:
            let asked = lifecycle.end.sent.last { $0.reason != .passed }
            try kill(.kill, because: asked == nil ? .timeLimit : .patience, of: asked?.client)
        case .restarting: phase = .ended(runInMilliseconds: 0)
        case .waitingForClient, .ended: return
        }
    }
}

extension Client {
    /// Who the client is, for the record; its command as far as it is still there.
    var identity: ContainerEnd.Client? {
        // Who hung up at once may be gone: then nobody is named.
        guard let peer = try? socket.peer() else { return nil }
        let line = try? File.read(FilePath("/proc/\(peer.process)/cmdline"))
        let words = (line ?? []).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        let program = words.first.flatMap { FilePath($0).lastComponent?.string } ?? ""
        let text = ([program] + words.dropFirst()).joined(separator: " ")
        // In an ordinary user's namespace, where that user is 0, the kernel says who it is there; the
        // record is read outside, too. Best effort: the number inside is better than none.
        let users = (try? File.readText("/proc/self/uid_map")).map { IDMap(parsing: $0) }
        return ContainerEnd.Client(
            process: peer.process, user: users?.outside(peer.user) ?? peer.user,
            command: String(text.prefix(400)))
    }
}
