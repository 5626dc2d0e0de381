/// Everything that turns a bundle into a running container, as data.
///
/// The value is made by a pure function of the spec and ``HostFacts``; running a container runs
/// its lists, `--plan` prints them.
package struct ContainerPlan: Sendable {
    /// The steps in the order they begin.
    ///
    /// Steps of the runtime and of init run side by side where no ``Rendezvous`` orders them.
    package private(set) var steps: [PlannedStep] = []

    /// Whether init enters an empty mount namespace, and is made without one of its own.
    package internal(set) var leavesHostMounts = false
    /// Whether the runtime can come back from namespaces that it joins.
    package internal(set) var canReturn = true

    package init() {}

    /// Adds steps at the end of a phase.
    package mutating func add(_ added: [any SetupStep], to phase: SetupPhase) {
        for step in added { steps.append(PlannedStep(phase: phase, step: step)) }
    }

    /// The steps of one phase, in order.
    package func steps(in phase: SetupPhase) -> [any SetupStep] {
        steps.lazy.filter { $0.phase == phase }.map(\.step)
    }
}

/// A step and when it runs.
package struct PlannedStep: Sendable {
    package let phase: SetupPhase
    package let step: any SetupStep
}
