package import Diagnostics
import Storage
import Synchronization

/// What a command would do, step by step (`--plan`): an engine that has one does nothing.
///
/// All that it decides it decides as ever: it looks at the machine, and its transactions in the
/// database run and are never committed. Whatever changes something else is a step
/// (``EngineContext/step(_:_:)``), which is noted here and not done.
package final class StepPlan: Sendable {
    private let noted = Mutex<[StepRecord]>([])
    private let made = Mutex<Set<String>>([])
    private let ended = Mutex<Set<String>>([])
    /// What of the image store would be different by now.
    let storeContent = StoreDraft.Content()

    package init() {}

    /// The steps up to now, in the order in which they would be done.
    package var steps: [StepRecord] { noted.withLock { $0 } }

    /// Notes that a container would have its directory: what is planned after that relies on it.
    func noteDirectory(of id: String) { made.withLock { _ = $0.insert(id) } }

    /// Whether a container would have its directory by now.
    func hasDirectory(of id: String) -> Bool { made.withLock { $0.contains(id) } }

    /// Notes that a container would not run any more.
    func noteEnd(of id: String) { ended.withLock { _ = $0.insert(id) } }

    /// Whether a container that runs would have ended by now.
    func hasEnded(_ id: String) -> Bool { ended.withLock { $0.contains(id) } }

    /// Adds a step.
    ///
    /// - Parameters:
    ///   - explanation: what would be done.
    ///   - actor: the process that would do it.
    package func note(_ explanation: Explanation, by actor: StepRecord.Actor) {
        noted.withLock {
            $0.append(
                StepRecord(
                    explanation: explanation, actor: actor, startInMicroseconds: 0,
                    durationInMicroseconds: 0, outcome: .done))
        }
    }
}

extension EngineContext {
    /// The same engine for who only looks: what it would change it notes, and nobody reads that.
    ///
    /// What it has in the database is undone at its end.
    func looking() -> EngineContext {
        var looking = configuration
        looking.plan = StepPlan()
        return EngineContext(configuration: looking)
    }

    /// What notes the steps in the place of doing them; nil for a command that does its work.
    var plan: StepPlan? { configuration.plan }

    /// Changes something, or with `--plan` only says what would be changed.
    func step(
        _ explanation: @autoclosure () -> Explanation, _ body: () throws(Problem) -> Void
    ) throws(Problem) {
        if let plan { return plan.note(explanation(), by: .engine) }
        try body()
    }
}
