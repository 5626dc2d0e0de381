import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

/// The last start of this machine's containers that failed (`explain --last`).
package struct StartFailureRecord: Sendable {
    package let container: String
    package let problem: Problem
    /// What was done until then; a step that failed says so.
    package let steps: [StepRecord]
}

extension ContainerService {
    /// The last start that failed, also of a container that was removed since; nil without one.
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
            container: head["container"]?.string ?? "", problem: problem,
            steps: try StepRecord.parse(
                jsonLines: Array(bytes[(end + 1)...]), named: path.string))
    }
}

extension EngineConfiguration {
    /// A problem with its container in the first line, and the lines of `steps.jsonl`.
    fileprivate var lastFailure: FilePath { runRoot.appending("last-failure.jsonl") }
}

/// What is kept of a start that fails.
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
            configuration.bundle(of: id).steps, content: steps.text,
            permissions: FilePermissions(rawValue: 0o600))
    }

    /// Keeps why a start failed, in the container's bundle and for `explain --last`.
    func noteStartProblem(_ problem: Problem, of record: ContainerRecord) {
        guard plan == nil else { return }
        let bundle = configuration.bundle(of: record.id)
        let mode = FilePermissions(rawValue: 0o600)
        try? File.renew(bundle.startProblem, with: problem.json, permissions: mode)
        let lines = (try? File.read(bundle.steps)) ?? []
        var head = problem.jsonObject
        head["container"] = .string(record.name)
        try? File.renew(
            configuration.lastFailure,
            with: JSONValue.object(head).json() + [UInt8(ascii: "\n")] + lines, permissions: mode)
    }
}
