import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// One check of a container's health, in a process of its own.
///
/// It tries, notes the result in `health.json`, tells of a new status, and ends with the outcome as
/// its exit code. So the monitor's memory stays as small as before, and what goes wrong here does
/// the container no harm.
struct HealthWorker {
    private let check: HealthCheck
    private let configuration: MonitorConfiguration
    /// The container's first process.
    private let pid: CInt
    /// When the check began, in milliseconds after the program's start.
    private let ageInMilliseconds: Int64

    /// How long a command may go on after its time, until it is killed from outside.
    private static let graceInMilliseconds: Int64 = 5000

    /// The file with what was found.
    static func file(of bundle: FilePath) -> FilePath { bundle.appending("health.json") }

    /// Starts a check.
    ///
    /// - Parameters:
    ///   - check: what to try.
    ///   - configuration: the container's.
    ///   - run: the program that is checked.
    /// - Returns: the process, whose exit code is a ``HealthOutcome``.
    /// - Throws: what kept the process from being made.
    static func start(
        _ check: HealthCheck, of configuration: MonitorConfiguration, _ run: ContainerRun
    ) throws(Problem) -> ChildProcess {
        let worker = HealthWorker(
            check: check, configuration: configuration, pid: run.process.id,
            ageInMilliseconds: Int64(monotonicNanoseconds() / 1_000_000)
                - run.startInMilliseconds)
        return try explaining("cannot start the health check") { () throws(SystemCallError) in
            switch try clone([], intoCgroup: nil) {
            case .parent(let process): return process
            case .child: worker.work()
            }
        }
    }

    private func work() -> Never {
        do throws(Problem) {
            _exit(try perform().exitCode)
        } catch {
            // There is nobody to be told: the next check tries again.
            _exit(1)
        }
    }

    private func perform() throws(Problem) -> HealthOutcome {
        try explaining("cannot leave the monitor's files") { () throws(SystemCallError) in
            try setParentDeathSignal(.kill)
            try closeInherited(from: 3, keeping: [])
        }
        guard try !isFrozen() else {
            return HealthOutcome(hasSucceeded: false, status: nil, isNew: false)
        }
        let result = try attempt()
        let file = Self.file(of: FilePath(configuration.bundle))
        var state = try read(file)
        let before = state.status
        state.take(result, of: check, afterStartInMilliseconds: ageInMilliseconds)
        try explaining("cannot note the health of the container in \(file)") {
            () throws(SystemCallError) in
            try File.renew(file, with: state.json(), permissions: .ownerReadWrite)
        }
        if state.status != before { tell(state.status) }
        return HealthOutcome(
            hasSucceeded: result.exitCode == 0, status: state.status,
            isNew: state.status != before)
    }

    /// Whether the container is paused: it could not answer.
    private func isFrozen() throws(Problem) -> Bool {
        guard let cgroup = try configuration.cgroup() else { return false }
        return try explaining("cannot ask whether the container is paused") {
            () throws(SystemCallError) in try cgroup.isFrozen()
        }
    }

    private func read(_ file: FilePath) throws(Problem) -> HealthState {
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

    private func tell(_ status: HealthState.Status) {
        guard let events = configuration.events else { return }
        EventLog(in: FilePath(events.directory)).append(
            .healthStatus(status.rawValue), of: .container, configuration.id, events.attributes)
    }

    // MARK: The attempt

    private func attempt() throws(Problem) -> HealthState.Result {
        let start = currentTimestamp()
        let beginning = monotonicNanoseconds()
        let pipe = try explaining("cannot make a pipe") { () throws(SystemCallError) in try Pipe() }
        let process = try explaining("cannot start the health check") {
            () throws(SystemCallError) in try startAttempt(output: pipe.writing.rawValue)
        }
        let output = pipe.keepReading()
        var text: [UInt8] = []
        let isLate: Bool
        let end: ExitStatus
        do throws(SystemCallError) {
            isLate = try !collect(output, of: process, since: beginning, into: &text)
            if isLate { try process.send(.kill) }
            end = try process.wait()
        } catch {
            throw Problem(what: "cannot follow the health check", refusal: error)
        }
        let length = Int64((monotonicNanoseconds() - beginning) / 1_000_000)
        // kade-runtime kills a command whose time is over: 128 + SIGKILL.
        guard !isLate, end.code != 137 || length < check.timeoutInMilliseconds else {
            let limit = GoDuration.text(milliseconds: check.timeoutInMilliseconds)
            return HealthState.Result(
                start: start, end: currentTimestamp(), exitCode: -1,
                output: "Health check exceeded timeout (\(limit))")
        }
        return HealthState.Result(
            start: start, end: currentTimestamp(), exitCode: end.code,
            output: String(decoding: text, as: UTF8.self))
    }

    private func startAttempt(output: CInt) throws(SystemCallError) -> ChildProcess {
        var arguments = [
            "kade-runtime", "--root", configuration.runtimeRoot, "exec", "--timeout",
            "\(check.timeoutInMilliseconds)", configuration.id,
        ]
        if case .command(let command) = check.test { arguments += command }
        let search = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let program = Program(arguments: arguments, environment: [search])
        switch try clone([], intoCgroup: nil) {
        case .parent(let process): return process
        case .child:
            do throws(SystemCallError) {
                try setParentDeathSignal(.kill)
                guard case .command = check.test else {
                    NetworkProbe.run(check.test, networkOf: pid, output: output)
                }
                try setSignalMask(0)
                try connectStandardStreams(input: 0, output: output, error: output)
                throw program.execute(at: "/proc/self/exe")
            } catch {
                // The reader of the exit code sees both; there is nobody else to be told.
                let text = "\(error.call) \(error.subject): \(error.errno)"
                _ = text.withCString { write(output, $0, strlen($0)) }
                _exit(127)
            }
        }
    }

    /// Takes what an attempt writes until it has ended; what is too much is read and dropped.
    ///
    /// - Returns: false when its time was over before.
    private func collect(
        _ output: borrowing OwnedFD, of process: borrowing ChildProcess, since start: UInt64,
        into text: inout [UInt8]
    ) throws(SystemCallError) -> Bool {
        try output.setNonBlocking(true)
        let grace = if case .command = check.test { Self.graceInMilliseconds } else { Int64(0) }
        var isOpen = true
        while true {
            let elapsed = Int64((monotonicNanoseconds() - start) / 1_000_000)
            let rest = check.timeoutInMilliseconds + grace - elapsed
            guard rest > 0 else { return false }
            let ready = try Poll.wait(
                for: [process.descriptor.rawValue, isOpen ? output.rawValue : -1], .readable,
                milliseconds: CInt(clamping: rest))
            if !ready[1].isEmpty { isOpen = try take(output, into: &text) }
            guard ready[0].isEmpty else {
                // A process that it left behind may hold the other end: what is there now counts.
                while isOpen, try take(output, into: &text), text.count < Self.maximum {}
                return true
            }
        }
    }

    private static let maximum = HealthState.maximumOutputInBytes

    /// Reads once; false when there is nothing now, or no more.
    private func take(
        _ output: borrowing OwnedFD, into text: inout [UInt8]
    ) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            let bytes = try output.read(upToBytes: 4096)
            text += bytes.prefix(Self.maximum - text.count)
            return !bytes.isEmpty
        } catch  where error.errno == .wouldBlock {
            return false
        }
    }
}
