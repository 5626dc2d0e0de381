/// What happened when a step ran: one line of a container's `steps.jsonl`.
package struct StepRecord: Sendable, Equatable {
    /// What the step does.
    package var explanation: Explanation
    /// Who ran it.
    package var actor: Actor
    /// When it began, in microseconds since the first step of the operation.
    package var startInMicroseconds: Int64
    /// How long it took.
    package var durationInMicroseconds: Int64
    /// How it ended.
    package var outcome: Outcome

    package init(
        explanation: Explanation, actor: Actor, startInMicroseconds: Int64,
        durationInMicroseconds: Int64, outcome: Outcome
    ) {
        self.explanation = explanation
        self.actor = actor
        self.startInMicroseconds = startInMicroseconds
        self.durationInMicroseconds = durationInMicroseconds
        self.outcome = outcome
    }

    /// The process that runs a step.
    package enum Actor: String, Sendable {
        /// `kade` or `kade-server`.
        case engine
        /// The container's monitor.
        case monitor
        /// The runtime, outside the container.
        case runtime
        /// The container's first process, before it becomes the user's program.
        case `init`
    }

    /// How a step ended.
    package enum Outcome: Sendable, Equatable {
        case done
        /// The step could not do its work and the specification lets the container live without.
        case warned(String)
        case failed(String)
    }
}
