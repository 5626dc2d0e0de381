import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// One check of the container's health that is under way, in a process of its own.
final class HealthProbe {
    let process: ChildProcess
    /// When it began: RFC 3339, and in milliseconds after the program's start.
    let start: String
    let ageInMilliseconds: Int64
    /// What it writes; nil once it has ended.
    private var output: OwnedFD?
    private var text: [UInt8] = []
    private let startInMilliseconds = Int64(monotonicNanoseconds() / 1_000_000)
    /// Whether it was killed for taking too long.
    private(set) var isTimedOut = false

    /// Starts a check.
    ///
    /// - Parameters:
    ///   - check: what to try.
    ///   - configuration: the container's.
    ///   - run: the program that is checked.
    /// - Throws: what kept the process from being made.
    init(
        _ check: HealthCheck, of configuration: MonitorConfiguration, _ run: ContainerRun
    ) throws(Problem) {
        start = currentTimestamp()
        ageInMilliseconds = startInMilliseconds - run.startInMilliseconds
        var reading: OwnedFD?
        process = try explaining("cannot start the health check") {
            () throws(SystemCallError) in
            let pipe = try Pipe()
            let child = try Self.start(check, configuration, run.process.id, pipe.writing.rawValue)
            let end = pipe.keepReading()
            try end.setNonBlocking(true)
            reading = consume end
            return child
        }
        output = reading.take()
    }

    private static func start(
        _ check: HealthCheck, _ configuration: MonitorConfiguration, _ pid: CInt, _ output: CInt
    ) throws(SystemCallError) -> ChildProcess {
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
            guard case .command = check.test else {
                NetworkProbe.run(check.test, networkOf: pid, output: output)
            }
            do throws(SystemCallError) {
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

    /// The descriptor that its output arrives at; nil once that has ended.
    var outputNumber: CInt? {
        switch output {
        case .some(let output): output.rawValue
        case .none: nil
        }
    }

    /// Takes what it has written; what is too much is read and dropped.
    ///
    /// - Returns: whether more may come.
    func readOutput() throws(Problem) -> Bool {
        let bytes: [UInt8]?
        do throws(SystemCallError) {
            bytes = try Self.read(output)
        } catch  where error.errno == .wouldBlock {
            return true
        } catch {
            throw Problem(what: "cannot read the output of the health check", refusal: error)
        }
        guard let bytes, !bytes.isEmpty else {
            output = nil
            return false
        }
        text += bytes.prefix(HealthState.maximumOutputInBytes - text.count)
        return true
    }

    private static func read(_ output: borrowing OwnedFD?) throws(SystemCallError) -> [UInt8]? {
        switch output {
        case .some(let output): try output.read(upToBytes: 4096)
        case .none: nil
        }
    }

    /// Ends it: its time is over.
    func timeOut() throws(Problem) {
        isTimedOut = true
        try kill()
    }

    /// Ends it.
    func kill() throws(Problem) {
        try explaining("cannot end the health check") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                try process.send(.kill)
            } catch  where error.errno == .noSuchProcess {
                return
            }
        }
    }

    /// What it has found, after its end.
    func result(of check: HealthCheck) throws(Problem) -> HealthState.Result {
        let status = try explaining("cannot learn how the health check ended") {
            () throws(SystemCallError) in try process.wait()
        }
        // A process that it left behind may hold the other end open: what is there now counts.
        var before = -1
        while before != text.count, try readOutput() { before = text.count }
        let length = Int64(monotonicNanoseconds() / 1_000_000) - startInMilliseconds
        // kade-runtime kills a command whose time is over: 128 + SIGKILL.
        let isLate =
            isTimedOut || (status.code == 137 && length >= check.timeoutInMilliseconds)
        guard !isLate else {
            let limit = GoDuration.text(milliseconds: check.timeoutInMilliseconds)
            return HealthState.Result(
                start: start, end: currentTimestamp(), exitCode: -1,
                output: "Health check exceeded timeout (\(limit))")
        }
        return HealthState.Result(
            start: start, end: currentTimestamp(), exitCode: status.code,
            output: String(decoding: text, as: UTF8.self))
    }
}
