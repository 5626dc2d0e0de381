import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// Health checks, among all else that the monitor waits for.
extension Monitor {
    private typealias Token = MonitorSources.Token

    /// Begins the checks of a program that has just started.
    func beginHealthChecks() throws(Problem) {
        guard let check = configuration.health else { return }
        let health = try Health(check, bundle: FilePath(configuration.bundle))
        try sources.want(.readable, of: health.timer.descriptor.rawValue, Token.healthTimer)
        self.health = health
    }

    /// Ends the checks of a program that has ended.
    func endHealthChecks() throws(Problem) {
        guard let health else { return }
        for token in [Token.healthTimer, Token.healthProcess, Token.healthOutput] {
            sources.forget(token)
        }
        let askers = health.askers
        self.health = nil
        try health.end()
        for token in askers { try tell(.checked(exitCode: -1), to: token) }
    }

    /// Answers an event of a health check.
    func answerHealth(_ token: UInt64) throws(Problem) {
        guard case .running(let run) = phase, let health else { return }
        switch token {
        case Token.healthTimer:
            if try health.alarmRang(isFrozen: isFrozen()) { try checkHealth(health, run) }
        case Token.healthOutput:
            guard let probe = health.probe else { return }
            if try !probe.readOutput() { sources.forget(token) }
        default:
            sources.forget(Token.healthProcess)
            sources.forget(Token.healthOutput)
            let askers = health.askers
            health.askers = []
            guard let outcome = try health.finish(run) else { return }
            for asker in askers { try tell(.checked(exitCode: outcome.exitCode), to: asker) }
            if let status = outcome.newStatus { try note(status, health.check.onFailure) }
            releaseUnusedMemory()
        }
    }

    /// Checks at once because a client asks, or waits for the check that is under way.
    func checkHealth(for client: UInt64) throws(Problem) {
        guard case .running(let run) = phase, let health else {
            throw Problem(
                kind: .conflict, what: "cannot check the health of the container",
                why: "container \(configuration.id) has no defined healthcheck",
                fix: "create it with --health-cmd, --health-http or --health-tcp")
        }
        health.askers.append(client)
        try checkHealth(health, run)
    }

    private func checkHealth(_ health: Health, _ run: ContainerRun) throws(Problem) {
        guard let probe = try health.begin(configuration, run) else { return }
        try sources.want(
            .readable, of: probe.process.descriptor.rawValue, Token.healthProcess)
        if let output = probe.outputNumber {
            try sources.want(.readable, of: output, Token.healthOutput)
        }
    }

    private func note(
        _ status: HealthState.Status, _ action: HealthCheck.FailureAction
    ) throws(Problem) {
        tell(.healthStatus(status.rawValue))
        guard status == .unhealthy else { return }
        let signal = Signal(rawValue: CInt(configuration.stopSignal))
        let limit = configuration.stopTimeoutInMilliseconds
        switch action {
        case .none: return
        case .kill: try endRun(.kill, timeoutInMilliseconds: -1)
        case .stop: try stop(signal, timeoutInMilliseconds: limit)
        case .restart:
            restartsAfterEnd = true
            try endRun(signal, timeoutInMilliseconds: limit)
        }
    }

    private func isFrozen() throws(Problem) -> Bool {
        let root = RuntimeRoot(path: FilePath(configuration.runtimeRoot))
        let state = try root.container(configuration.id).loadState()
        guard let cgroup = try State.cgroup(of: state) else { return false }
        return try explaining("cannot ask whether the container is paused") {
            () throws(SystemCallError) in try cgroup.isFrozen()
        }
    }
}
