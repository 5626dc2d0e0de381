import Diagnostics
import Engine

/// A container that was started, and whose streams this program follows: of `run`, and of `start -a`.
struct FollowedStart: ~Copyable {
    private let foreground: Foreground
    private let engine: Engine
    private let container: ContainerSession
    private let removesAfterExit: Bool

    /// Starts the container; nothing that it writes is shown yet.
    ///
    /// - Parameters:
    ///   - id: the container.
    ///   - foreground: how it is shown.
    ///   - engine: what starts it.
    ///   - removesAfterExit: whether this program promises to remove it after its end.
    /// - Throws: what kept it from starting.
    init(
        of id: String, in foreground: Foreground, by engine: Engine, removesAfterExit: Bool
    ) throws(Problem) {
        let container = try engine.containers.start(
            id, attaching: foreground.streams, removesAfterExit: removesAfterExit)
        guard let container else {
            throw Problem(
                kind: .bug, what: "cannot follow container \(Table.shortID(id))",
                why: "the engine gave no session for its streams")
        }
        self.foreground = foreground
        self.engine = engine
        self.container = container
        self.removesAfterExit = removesAfterExit
    }

    /// Follows the container to its end, or until the user leaves it.
    borrowing func follow() throws(Problem) -> Foreground.Ending {
        let ending = try foreground.run(container)
        if case .detached = ending {
            try engine.containers.noteDetached(from: container.containerID)
        }
        return ending
    }

    /// Removes a container that has ended, where that was promised.
    consuming func finish(after ending: Foreground.Ending) throws(Problem) {
        guard removesAfterExit, case .exited = ending else { return }
        try engine.containers.removeEnded(container)
    }
}
