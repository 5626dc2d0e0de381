import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

/// The last creation or start of this machine's containers that failed (`explain --last`).
package struct StartFailureRecord: Sendable {
    package let container: String
    package let occasion: Occasion
    package let problem: Problem
    /// What was done until then; a step that failed says so.
    package let steps: [StepRecord]

    /// When it failed.
    package enum Occasion: String, Sendable {
        case create, start
    }
}

extension ContainerService {
    /// The last creation or start that failed, also of a container that was removed since; nil
    /// without one.
    package func lastFailure() throws(Problem) -> StartFailureRecord? {
        let path = context.configuration.lastFailure
        guard let bytes = try bytesIfPresent(of: path) else { return nil }
        let newline = UInt8(ascii: "\n")
        guard let end = bytes.firstIndex(of: newline) else { return nil }
        let head = try JSONValue(json: Array(bytes[..<end]), named: path.string)
        guard let object = head.object, let problem = Problem(jsonObject: object) else {
            throw Problem(
                kind: .corrupt, what: "cannot read \(path)", why: "it has no problem",
                fix: "remove it")
        }
        return StartFailureRecord(
            container: head["container"]?.string ?? "",
            occasion: head["occasion"]?.string.flatMap(
                StartFailureRecord.Occasion.init(rawValue:)) ?? .start,
            problem: problem,
            steps: try StepRecord.parse(
                Array(bytes[(end + 1)...]), named: path.string
            ).fromTheFirst)
    }
}

extension EngineConfiguration {
    /// A problem with its container as a line of JSON, and the records of `steps`.
    fileprivate var lastFailure: FilePath { runRoot.appending("last-failure") }
}

/// What is kept of a creation or start that fails.
extension EngineContext {
    /// Forgets what is known of an earlier start.
    func forgetLastStart(of id: String) throws(Problem) {
        guard plan == nil else { return }
        let bundle = configuration.bundle(of: id)
        for path in [bundle.startProblem, bundle.steps] {
            try explaining("cannot remove \(path)") { () throws(SystemCallError) in
                do throws(SystemCallError) {
                    try Link.remove(path)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return
                }
            }
        }
    }

    /// Keeps the engine's own steps, of which the last one failed.
    func noteFailedSteps(_ steps: StepRecorder, of id: String) {
        guard plan == nil, configuration.recordsSteps else { return }
        // Best effort, as all that follows: the start's own problem is what counts.
        try? File.create(
            configuration.bundle(of: id).steps, content: steps.records.bytes,
            permissions: FilePermissions(rawValue: 0o600))
    }

    /// Keeps why a start failed, in the container's bundle and for `explain --last`.
    func noteStartProblem(_ problem: Problem, of record: ContainerRecord) {
        guard plan == nil else { return }
        let bundle = configuration.bundle(of: record.id)
        try? File.renew(
            bundle.startProblem, with: problem.json,
            permissions: FilePermissions(rawValue: 0o600))
        note(problem, of: record.name, on: .start, (try? File.read(bundle.steps)) ?? [])
    }

    /// Keeps why a container could not be made, for `explain --last`.
    ///
    /// - Returns: the problem, which names the step that failed.
    func noting(
        _ problem: Problem, of name: String, beingMadeIn steps: StepRecorder
    ) -> Problem {
        // What is refused before the first step has none to look at.
        guard plan == nil, !steps.records.isEmpty else { return problem }
        note(problem, of: name, on: .create, steps.records.bytes)
        return problem.naming(failedStepIn: steps.records)
    }

    private func note(
        _ problem: Problem, of name: String, on occasion: StartFailureRecord.Occasion,
        _ steps: [UInt8]
    ) {
        var head = problem.jsonObject
        head["container"] = .string(name)
        head["occasion"] = .string(occasion.rawValue)
        // Nothing may have run since the machine's start.
        try? Directory.makeAll(configuration.runRoot, permissions: .container)
        try? File.renew(
            configuration.lastFailure,
            with: JSONValue.object(head).json() + [UInt8(ascii: "\n")] + steps,
            permissions: FilePermissions(rawValue: 0o600))
    }

    /// The steps of the last start; none where they cannot be read.
    func recordedSteps(of id: String) -> [StepRecord] {
        let path = configuration.bundle(of: id).steps
        guard plan == nil, let bytes = try? bytesIfPresent(of: path) else { return [] }
        return (try? StepRecord.parse(bytes, named: path.string)) ?? []
    }
}
