import Diagnostics

extension ContainerPlan {
    /// The plan as a person reads it: one numbered line for each step, grouped by phase.
    package var text: String {
        var lines: [String] = []
        var phase: SetupPhase?
        for (index, planned) in steps.enumerated() {
            if planned.phase != phase {
                phase = planned.phase
                lines.append("# \(planned.phase.rawValue): \(planned.phase.actor.rawValue)")
            }
            let explanation = planned.step.explanation
            lines.append("\(index + 1). \(explanation.shell)    # \(explanation.why)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
