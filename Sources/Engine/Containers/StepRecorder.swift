import ContainerRuntime
import Diagnostics
import Linux
import OCI
import SystemPackage

/// Notes what the engine does for a container, and how long it takes, for `explain`.
struct StepRecorder: Sendable {
    private(set) var records: [StepRecord] = []
    private let plan: StepPlan?
    private let isKeeping: Bool
    private let watch: StepWatch?

    /// Makes a recorder without records.
    ///
    /// - Parameter configuration: where steps are noted that are not to be done, and whether those
    ///   that are done are.
    init(for configuration: EngineConfiguration) {
        plan = configuration.plan
        isKeeping = configuration.recordsSteps
        watch = configuration.watch
    }

    /// Does a step and notes it; with `--plan` it is noted only.
    mutating func perform(
        _ explanation: @autoclosure () -> Explanation, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        if let plan { return plan.note(explanation(), by: .engine) }
        try record(explanation(), body)
    }

    /// Runs a step that finds something out, and notes it.
    ///
    /// With `--plan` it runs too, and what it would change on the way are steps of their own.
    mutating func record<Value>(
        _ explanation: @autoclosure () -> Explanation, _ body: () throws(Problem) -> Value
    ) throws(Problem) -> Value {
        guard plan == nil, isKeeping else { return try body() }
        let start = monotonicNanoseconds()
        if let watch {
            watch.hear(
                .begun(explanation(), by: .engine, atMicroseconds: Int64(clamping: start / 1000)))
        }
        do throws(Problem) {
            let value = try body()
            note(explanation(), since: start, .done)
            return value
        } catch {
            note(explanation(), since: start, .failed(error.why))
            throw error
        }
    }

    private mutating func note(
        _ explanation: Explanation, since start: UInt64, _ outcome: StepRecord.Outcome
    ) {
        let record = StepRecord(
            explanation: explanation, actor: .engine,
            startInMicroseconds: Int64(clamping: start / 1000),
            durationInMicroseconds: Int64(monotonicNanoseconds() - start) / 1000, outcome: outcome)
        records.append(record)
        watch?.hear(.ended(record))
    }
}

extension Explanation {
    static func prepareRootfs(_ record: ContainerRecord) -> Explanation {
        Explanation(
            shell: "mkdir upper work",
            why: "the container's changes go to a layer of its own above those of \(record.image)",
            spec: "root.path")
    }

    static func copyRootfs(_ record: ContainerRecord, to root: FilePath) -> Explanation {
        Explanation(
            shell: "cp --archive LAYERS \(root)",
            why: "the container gets a copy of the layers of \(record.image), which it may change",
            spec: "root.path")
    }

    static func lookUp(_ record: ContainerRecord) -> Explanation {
        let user = record.request.process.user ?? "root"
        return Explanation(
            shell: "getent passwd \(user)",
            why: "users, devices, volumes and peers of the request get their numbers and paths",
            spec: "process.user")
    }

    static func writeBundle(_ bundle: ContainerBundle) -> Explanation {
        Explanation(
            shell: "cat > \(bundle.spec)", why: "the runtime reads the container's spec from it",
            spec: "config.json")
    }
}
