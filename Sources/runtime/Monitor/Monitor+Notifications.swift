import ContainerRuntime
import Diagnostics
import Glibc
import Linux

/// What the monitor tells a service manager (sd_notify(3)).
///
/// The monitor is the service's main process: it lives as long as the container, and ends with it.
extension Monitor {
    /// Names the main process, and says that the container is ready where nobody else will.
    ///
    /// The manager hears it before the command that started the container may end.
    func beginNotifications(of run: ContainerRun) throws(Problem) {
        guard configuration.notification != .ignore else { return }
        let isReady = configuration.notification == .conmon
        try NotifySocket.tell(["MAINPID=\(getpid())"] + (isReady ? ["READY=1"] : []))
        let number = NotifySocket.descriptor(of: run.notifySocket)
        guard number >= 0 else { return }
        try sources.want(.readable, of: number, MonitorSources.Token.notification)
    }

    /// Passes on what the program has said, as soon as the manager takes it: until then the program's
    /// messages wait, and not the monitor.
    ///
    /// - Parameters:
    ///   - events: of the program's socket, or of the manager's while that is waited for.
    ///   - run: the program's.
    /// - Throws: when the kernel refuses to wait.
    func answerNotification(_ events: ReadinessEvents, of run: ContainerRun) throws(Problem) {
        let token = MonitorSources.Token.notification
        let program = NotifySocket.descriptor(of: run.notifySocket)
        let manager = NotifySocket.managerDescriptor(of: run.notifySocket)
        if events.contains(.writable) {
            try sources.want([], of: manager, token)
            try sources.want(.readable, of: program, token)
            return
        }
        let isTaken = try explaining("cannot ask the service manager's socket") {
            () throws(SystemCallError) -> Bool in
            try !Poll.wait(for: [manager], .writable, milliseconds: 0)[0].isEmpty
        }
        guard isTaken else {
            try sources.want([], of: program, token)
            try sources.want(.writable, of: manager, token)
            return
        }
        do throws(SystemCallError) {
            try NotifySocket.relay(run.notifySocket)
        } catch {
            try noteUnheard(Problem(what: "cannot relay to the service manager", refusal: error))
        }
    }

    /// Says that the container is ready, now that a health check has succeeded.
    func notifyHealthy() throws(Problem) {
        guard configuration.notification == .healthy else { return }
        do throws(Problem) {
            try NotifySocket.tell(["READY=1"])
        } catch {
            try noteUnheard(error)
        }
    }

    /// Notes why the manager hears nothing, which is no reason to end the container.
    private func noteUnheard(_ problem: Problem) throws(Problem) {
        guard lifecycle.error != problem.description else { return }
        lifecycle.error = problem.description
        try lifecycle.write()
    }
}
