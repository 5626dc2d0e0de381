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

    /// Passes on what the program has said.
    func answerNotification(of run: ContainerRun) throws(Problem) {
        try explaining("cannot relay to the service manager") { () throws(SystemCallError) in
            try NotifySocket.relay(run.notifySocket)
        }
    }

    /// Says that the container is ready, now that a health check has succeeded.
    func notifyHealthy() throws(Problem) {
        guard configuration.notification == .healthy else { return }
        try NotifySocket.tell(["READY=1"])
    }
}
