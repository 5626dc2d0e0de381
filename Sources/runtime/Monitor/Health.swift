import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// The health checks of a container that runs.
///
/// Between two checks it holds a timer and nothing else: what was found is in `health.json`.
final class Health {
    let check: HealthCheck
    let timer: TimerDescriptor
    /// The check that is under way.
    private(set) var probe: HealthProbe?
    /// The clients that wait for its result.
    var askers: [UInt64] = []
    private let file: FilePath

    /// How long a check may go on after its time, until it is killed from outside.
    private static let graceInMilliseconds: Int64 = 5000

    /// Begins to check a container that has just started.
    init(_ check: HealthCheck, bundle: FilePath) throws(Problem) {
        self.check = check
        file = bundle.appending("health.json")
        timer = try explaining("cannot make a timer for health checks") {
            () throws(SystemCallError) in try TimerDescriptor()
        }
        var state = try read()
        state.begin()
        try write(state)
        try wait(state, afterStartInMilliseconds: 0)
    }

    /// Sets the alarm for the next check.
    private func wait(
        _ state: HealthState, afterStartInMilliseconds age: Int64
    ) throws(Problem) {
        let wait = check.waitInMilliseconds(state.status, afterStartInMilliseconds: age)
        try setAlarm(milliseconds: max(1, wait))
    }

    private func setAlarm(milliseconds: Int64) throws(Problem) {
        try explaining("cannot set the alarm of the health check") {
            () throws(SystemCallError) in try timer.set(milliseconds: milliseconds)
        }
    }

    /// Starts a check unless one is under way.
    ///
    /// - Returns: the check that was started.
    func begin(
        _ configuration: MonitorConfiguration, _ run: ContainerRun
    ) throws(Problem) -> HealthProbe? {
        guard probe == nil else { return nil }
        let new = try HealthProbe(check, of: configuration, run)
        probe = new
        // Of a command the time is kept by the runtime, which also ends what runs in the container.
        let grace =
            if case .command = check.test { Self.graceInMilliseconds } else { Int64(0) }
        try setAlarm(milliseconds: check.timeoutInMilliseconds + grace)
        return new
    }

    /// Takes the alarm.
    ///
    /// - Returns: whether it is time for a check; a check that takes too long is ended instead.
    func alarmRang(isFrozen: Bool) throws(Problem) -> Bool {
        let rang = try explaining("cannot read the alarm of the health check") {
            () throws(SystemCallError) in try timer.expirations() > 0
        }
        guard rang else { return false }
        if let probe {
            try probe.timeOut()
            return false
        }
        guard !isFrozen else {
            // It could not answer; what was known stays so until it goes on.
            try setAlarm(milliseconds: max(1, check.intervalInMilliseconds))
            return false
        }
        return true
    }

    /// Notes what a check that has ended has found.
    ///
    /// - Returns: the result, and the status where it is another than before.
    func finish(_ run: ContainerRun) throws(Problem) -> Outcome? {
        guard let probe else { return nil }
        let result = try probe.result(of: check)
        self.probe = nil
        var state = try read()
        let before = state.status
        state.take(result, of: check, afterStartInMilliseconds: probe.ageInMilliseconds)
        try write(state)
        let age = Int64(monotonicNanoseconds() / 1_000_000) - run.startInMilliseconds
        try wait(state, afterStartInMilliseconds: age)
        return Outcome(
            exitCode: result.exitCode, newStatus: state.status == before ? nil : state.status)
    }

    /// What became of a check.
    struct Outcome {
        var exitCode: Int32
        /// The container's status, where it is another than before.
        var newStatus: HealthState.Status?
    }

    /// Ends the checks with the program: Docker calls what has ended unhealthy.
    func end() throws(Problem) {
        if let probe {
            try probe.kill()
            _ = try probe.result(of: check)
            self.probe = nil
        }
        var state = try read()
        state.status = .unhealthy
        try write(state)
    }

    private func read() throws(Problem) -> HealthState {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(file)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return HealthState()
        } catch {
            throw Problem(what: "cannot read \(file)", refusal: error)
        }
        // A power failure may have left the file and not its content.
        return (try? HealthState(json: bytes, named: file.string)) ?? HealthState()
    }

    private func write(_ state: HealthState) throws(Problem) {
        let file = file
        try explaining("cannot note the health of the container in \(file)") {
            () throws(SystemCallError) in
            try File.renew(file, with: state.json(), permissions: .ownerReadWrite)
        }
    }
}
