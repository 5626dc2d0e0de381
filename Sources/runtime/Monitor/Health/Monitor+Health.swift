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
        let health = try HealthChecks(check, bundle: FilePath(configuration.bundle))
        try sources.want(.readable, of: health.timer.descriptor.rawValue, Token.healthTimer)
        self.health = health
    }

    /// Ends the checks of a program that has ended.
    func endHealthChecks() throws(Problem) {
        guard let health else { return }
        sources.forget(Token.healthTimer)
        sources.forget(Token.healthProcess)
        self.health = nil
        try health.end()
        for asker in health.askers { try tell(.checked(exitCode: -1), to: asker) }
    }

    /// Answers an event of a health check.
    func answerHealth(_ token: UInt64) throws(Problem) {
        guard case .running(let run) = phase, let health else { return }
        if token == Token.healthTimer {
            if try health.alarmRang() { try beginCheck(health, run) }
            return
        }
        sources.forget(Token.healthProcess)
        let askers = health.askers
        health.askers = []
        guard let outcome = try health.finish(run) else { return }
        for asker in askers {
            try tell(.checked(exitCode: outcome.hasSucceeded ? 0 : 1), to: asker)
        }
        if outcome.isNew, outcome.status == .healthy { try notifyHealthy() }
        if outcome.isNew, outcome.status == .unhealthy { try act(health.check.onFailure) }
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
        try beginCheck(health, run)
    }

    private func beginCheck(_ health: HealthChecks, _ run: ContainerRun) throws(Problem) {
        guard let process = try health.begin(configuration, run) else { return }
        try sources.want(.readable, of: process, Token.healthProcess)
    }

    /// Does what is to be done with a container that has become unhealthy.
    private func act(_ action: HealthCheck.FailureAction) throws(Problem) {
        let signal = Signal(rawValue: CInt(configuration.stopSignal))
        let limit = configuration.stopTimeoutInMilliseconds
        switch action {
        case .none: return
        case .kill:
            try endRun(.kill, timeoutInMilliseconds: -1, because: .unhealthy, of: nil)
        case .stop:
            try stop(signal, timeoutInMilliseconds: limit, because: .unhealthy, of: nil)
        case .restart:
            restartsAfterEnd = true
            try endRun(signal, timeoutInMilliseconds: limit, because: .unhealthy, of: nil)
        }
    }
}
