/// What happened when a step ran: one record of a container's file `steps`.
package struct StepRecord: Sendable, Equatable {
    /// What the step does.
    package var explanation: Explanation
    /// Who ran it.
    package var actor: Actor
    /// When it began, in microseconds: of the machine's clock that never goes back where it is
    /// recorded, and from the first step on for whoever reads (``Swift/Array/fromTheFirst``).
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

extension [StepRecord] {
    /// The same steps, with times that count from the first one's beginning.
    package var fromTheFirst: [StepRecord] {
        let origin = map(\.startInMicroseconds).min() ?? 0
        return map { step in
            var step = step
            step.startInMicroseconds -= origin
            return step
        }
    }

    /// How long at least one of them was under way, in microseconds.
    ///
    /// What happened side by side counts once, and what lies between them, as between a container's
    /// making and its restart, not at all.
    package var workInMicroseconds: Int64 {
        var work: Int64 = 0
        var end = Int64.min
        for step in sorted(by: { $0.startInMicroseconds < $1.startInMicroseconds }) {
            let begin = Swift.max(step.startInMicroseconds, end)
            let stop = step.startInMicroseconds + step.durationInMicroseconds
            if stop > begin { work += stop - begin }
            end = Swift.max(end, stop)
        }
        return work
    }
}
