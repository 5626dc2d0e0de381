package import Diagnostics
import Linux

/// Who looks at the steps of a pull, a creation and a start while they are made (`run --explain`).
///
/// Everything is heard on the thread that makes the container.
package struct StepWatch: Sendable {
    /// Is told that another list begins, whose first step is number 1.
    let begin: @Sendable (StepList) -> Void
    /// Is told of a step.
    let hear: @Sendable (StepEvent) -> Void
    /// Is asked before something is waited for, and says after how many milliseconds it wants to be
    /// asked again; nil is when something has happened.
    let wait: @Sendable () -> Int32?

    package init(
        begin: @escaping @Sendable (StepList) -> Void,
        hear: @escaping @Sendable (StepEvent) -> Void, wait: @escaping @Sendable () -> Int32?
    ) {
        self.begin = begin
        self.hear = hear
        self.wait = wait
    }

    /// Waits until there is something to read.
    func waitToRead(_ descriptor: CInt) throws(SystemCallError) {
        while try Poll.wait(for: [descriptor], .readable, milliseconds: wait()) == [[]] {}
    }
}

/// What steps belong to; those of a creation and of a start have the numbers of `explain --last`,
/// those of a start also the numbers of `explain --steps`.
package enum StepList: Sendable, Equatable {
    /// The image with this reference comes from its registry.
    case pull(String)
    /// The container with this name is made.
    case create(String)
    /// The container with this name is started.
    case start(String)
}
