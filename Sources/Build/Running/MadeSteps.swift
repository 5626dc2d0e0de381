import OCI
import Synchronization

/// What a build's instructions came to, for caches of other machines.
final class MadeSteps: Sendable {
    /// One instruction.
    struct Step {
        var stage: Int
        var key: Digest
        var layer: BuiltLayer?
    }

    private let steps = Mutex<[Step]>([])

    func add(_ step: Step) { steps.withLock { $0.append(step) } }

    /// All of them, by stages and in their order.
    var all: [Step] {
        let steps = steps.withLock { $0 }
        return Set(steps.map(\.stage)).sorted().flatMap { stage in
            steps.filter { $0.stage == stage }
        }
    }
}
