import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// The health checks of a container that runs.
///
/// Each check is a process of its own (``HealthWorker``), which also notes what it has found: here
/// are a timer, the process while there is one, and the container's status.
final class HealthChecks {
    let check: HealthCheck
    let timer: TimerDescriptor
    private(set) var status = HealthState.Status.starting
    private var worker: ChildProcess?
    /// The clients that wait for the result of the check that is under way.
    var askers: [UInt64] = []

    /// Begins to check a container that has just started.
    init(_ check: HealthCheck, bundle: FilePath) throws(Problem) {
        self.check = check
        timer = try explaining("cannot prepare the health checks") {
            () throws(SystemCallError) in
            // What is there is of an earlier run; without the file a container is starting.
            do throws(SystemCallError) {
                try Link.remove(HealthWorker.file(of: bundle))
            } catch  where error.errno == .noSuchFileOrDirectory {}
            return try TimerDescriptor()
        }
        try wait(afterStartInMilliseconds: 0)
    }

    /// Sets the alarm for the next check.
    private func wait(afterStartInMilliseconds age: Int64) throws(Problem) {
        let wait = check.waitInMilliseconds(status, afterStartInMilliseconds: age)
        try explaining("cannot set the alarm of the health check") {
            () throws(SystemCallError) in try timer.set(milliseconds: max(1, wait))
        }
    }

    /// Takes the alarm; whether it is time for a check.
    func alarmRang() throws(Problem) -> Bool {
        try explaining("cannot read the alarm of the health check") {
            () throws(SystemCallError) in try timer.expirations() > 0
        }
    }

    /// Starts a check unless one is under way.
    ///
    /// - Returns: the descriptor of its process, to wait for; nil for one that was there already.
    func begin(
        _ configuration: MonitorConfiguration, _ run: ContainerRun
    ) throws(Problem) -> CInt? {
        guard workerNumber == nil else { return nil }
        worker = try HealthWorker.start(check, of: configuration, run)
        return workerNumber
    }

    /// Takes note of the end of a check.
    func finish(_ run: ContainerRun) throws(Problem) -> HealthOutcome? {
        guard let process = worker.take() else { return nil }
        let end = try explaining("cannot learn how the health check ended") {
            () throws(SystemCallError) in try process.wait()
        }
        let outcome = HealthOutcome(exitCode: end.code)
        if let found = outcome.status { status = found }
        let age = Int64(monotonicNanoseconds() / 1_000_000) - run.startInMilliseconds
        try wait(afterStartInMilliseconds: age)
        return outcome
    }

    /// Ends the check that is under way, as the program has ended.
    func end() throws(Problem) {
        guard let process = worker.take() else { return }
        try explaining("cannot end the health check") { () throws(SystemCallError) in
            try process.send(.kill)
            _ = try process.wait()
        }
    }

    private var workerNumber: CInt? {
        switch worker {
        case .some(let process): process.descriptor.rawValue
        case .none: nil
        }
    }
}
