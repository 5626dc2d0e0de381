import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerService {
    /// Says why a container ended or does not start, from what was recorded when it happened.
    ///
    /// - Parameter name: the container.
    /// - Returns: the verdict; without causes for one that runs and is well.
    /// - Throws: `.notFound` for a name that nobody has, and records that cannot be read.
    package func why(_ name: String) throws(Problem) -> ContainerVerdict {
        let record = try context.record(of: name)
        let status = try context.settledStatus(of: record, restarting: true)
        let inquiry = EndInquiry(context: context, status: status)
        return ContainerVerdict(
            id: record.id, name: record.name, state: inquiry.state,
            causes: try inquiry.causes())
    }
}

/// Finds out why a container ended.
struct EndInquiry {
    let context: EngineContext
    let status: ContainerStatus

    var record: ContainerRecord { status.record }
    var lifecycle: Lifecycle? { status.lifecycle }

    typealias Cause = ContainerVerdict.Cause

    /// The state in words.
    var state: String {
        let text = status.state.statusText(at: .now)
        guard case .exited(let code, _, _) = status.state, let start = lifecycle?.startedAt,
            let end = lifecycle?.finishedAt
        else {
            if case .startFailed = status.state { return "\(text): its last start failed" }
            return text
        }
        return "\(text), \(elapsedText(from: start, to: end).lowercased()) after its start: "
            + (lifecycle?.end.isLost == true
                ? "exit code 255 stands for an end that nobody saw" : ExitCodeText.words(code))
    }

    /// The causes, the decisive one first.
    func causes() throws(Problem) -> [Cause] {
        if !status.state.isAlive, let problem = try startProblem() {
            return [try startCause(problem)]
        }
        guard let lifecycle else { return try neverStarted() }
        switch status.state {
        case .running, .paused: return try previousCauses(lifecycle) + healthCauses()
        case .startFailed: return [try startCause(failure(of: lifecycle))]
        case .created, .dead: return try neverStarted()
        case .restarting, .exited:
            if lifecycle.end.isLost { return [lostCause(lifecycle)] }
            return try endCauses(
                EndedRun(
                    exitCode: lifecycle.exitCode, end: lifecycle.end, pid: lifecycle.pid,
                    error: lifecycle.error, startedAt: lifecycle.startedAt, isLast: true))
        }
    }

    /// A run that restarted since has its reasons, too.
    private func previousCauses(_ lifecycle: Lifecycle) throws(Problem) -> [Cause] {
        guard let previous = lifecycle.previous else { return [] }
        var causes = try endCauses(
            EndedRun(
                exitCode: previous.exitCode, end: previous.end, pid: previous.pid, error: nil,
                startedAt: nil, isLast: false))
        guard !causes.isEmpty else { return [] }
        causes[0].what =
            "the run before this one: \(ExitCodeText.words(previous.exitCode)): "
            + causes[0].what
        return causes
    }

    // MARK: Starts

    /// Why the last start failed before there was a monitor to note it.
    private func startProblem() throws(Problem) -> Problem? {
        let path = context.configuration.bundle(of: record.id).startProblem
        guard let bytes = try bytesIfPresent(of: path) else { return nil }
        // A power failure may have left the file and not its content.
        guard bytes.contains(where: { $0 != 0 }) else { return nil }
        return try Problem(json: bytes, from: path.string)
    }

    private func failure(of lifecycle: Lifecycle) -> Problem {
        if let object = lifecycle.problem?.object, let problem = Problem(jsonObject: object) {
            return problem
        }
        return Problem(
            kind: .unavailable, what: "cannot start container \(record.name)",
            why: lifecycle.error ?? "no reason was recorded")
    }

    /// The problem, with the step that failed.
    private func startCause(_ problem: Problem) throws(Problem) -> Cause {
        var evidence: [String] = []
        let steps = try ContainerService(context: context).steps(of: record.id)
        let failures = steps.failures
        for index in failures {
            let step = steps[index]
            guard case .failed(let why) = step.outcome else { continue }
            evidence.append(
                "step \(index + 1) of \(steps.count) failed, by \(step.actor.rawValue): "
                    + "\(step.explanation.shell): \(why)")
            if !step.explanation.spec.isEmpty {
                evidence.append("asked by \(step.explanation.spec)")
            }
        }
        if !failures.isEmpty { evidence.append("all of them: kade explain --steps \(record.name)") }
        return Cause(
            .start, "it could not be started: \(problem.what): \(problem.why)",
            evidence: evidence, fix: problem.fix)
    }

    /// Tries whether it would start, without doing anything.
    private func neverStarted() throws(Problem) -> [Cause] {
        if case .dead = status.state {
            return [
                Cause(
                    .lost, "its removal did not come to its end",
                    fix: "kade rm \(record.name)")
            ]
        }
        do throws(Problem) {
            _ = try context.looking().start(record, [], restartCount: 0)
        } catch {
            return [
                Cause(
                    .wouldNotStart,
                    "it was never started, and would not start now: \(error.what): \(error.why)",
                    fix: error.fix)
            ]
        }
        return [Cause(.neverStarted, "it was never started", fix: "kade start \(record.name)")]
    }

    /// A run whose monitor could not note its end.
    private func lostCause(_ lifecycle: Lifecycle) -> Cause {
        let fix =
            record.request.restartPolicy == .no
            ? "kade start \(record.name); with --restart always it starts by itself"
            : "kade start \(record.name)"
        return Cause(
            .lost, lifecycle.error ?? "its monitor ended, and nobody saw its own end", fix: fix)
    }
}

/// What is known of a run that ended.
struct EndedRun {
    var exitCode: Int32
    var end: ContainerEnd
    var pid: Int32
    /// What the monitor noted beside.
    var error: String?
    var startedAt: Timestamp?
    /// Whether it is the container's last run, which log and health belong to.
    var isLast: Bool
}

/// Exit codes in words.
enum ExitCodeText {
    static func words(_ code: Int32) -> String {
        switch code {
        case 0: return "exit code 0, success"
        case 126: return "exit code 126, a command that could not be executed"
        case 127: return "exit code 127, a command that was not found"
        case 129...192:
            let signal = Signal(rawValue: code - 128)
            return "exit code \(code), 128 and \(signal.rawValue): ended by \(signal.name)"
        default: return "exit code \(code), the program's own"
        }
    }

    /// What a signal means where nobody of Kade sent it (signal(7)).
    static func meaning(_ signal: Int32) -> String {
        switch signal {
        case 1: "the terminal hung up, or somebody wants it to read its configuration again"
        case 2: "somebody pressed ctrl-c, or asks as that does"
        case 3: "somebody pressed ctrl-\\, and wants a memory image"
        case 4: "the processor met an instruction that it does not have"
        case 5: "a trap for a debugger"
        case 6: "the program gave up itself: abort(3)"
        case 7: "memory was reached that is not there, as of a file that was cut short"
        case 8: "a division by zero, or the like"
        case 9: "somebody ended it at once; no program can keep from that"
        case 11: "the program reached memory that is not its own"
        case 13: "it wrote to a pipe that nobody reads"
        case 14: "its own alarm rang"
        case 15: "somebody asked it to end"
        case 24: "its limit of processor time was used up (--ulimit cpu)"
        case 25: "its limit of file size was reached (--ulimit fsize)"
        case 31: "it made a system call that its filter ends it for"
        default: "see signal(7)"
        }
    }
}
