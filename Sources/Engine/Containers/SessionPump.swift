package import Diagnostics
import Glibc

/// Carries bytes between a session and the descriptors of a client until one side ends.
///
/// It owns no descriptor and changes no terminal: raw mode and the window's size are the caller's,
/// who sends them when `onWake` is called.
package struct SessionPump: Sendable {
    /// Read and sent as the container's input; nil sends none.
    package var input: CInt?
    /// Where the container's output goes; nil drops it.
    package var output: CInt?
    /// Where the container's error output goes; nil drops it.
    package var error: CInt?
    /// The bytes that detach when typed one after the other; empty means that none do.
    package var detachKeys: [UInt8]
    /// A further descriptor to watch, such as a signalfd; `onWake` is called when it is readable.
    package var wake: CInt?

    package init(
        input: CInt?, output: CInt?, error: CInt?, detachKeys: [UInt8], wake: CInt?
    ) {
        self.input = input
        self.output = output
        self.error = error
        self.detachKeys = detachKeys
        self.wake = wake
    }

    /// How a session ended.
    package enum Outcome: Sendable, Equatable {
        case exited(code: Int32)
        /// The user typed the detach keys.
        case detached
        /// The monitor went away without an exit code.
        case lost
    }

    /// Pumps until the container exits, the user detaches or the monitor is gone.
    ///
    /// Throws the problem of a container that could not start.
    package func run(
        _ session: borrowing ContainerSession,
        onStart: (_ pid: Int32) throws(Problem) -> Void,
        onWake: (borrowing ContainerSession) throws(Problem) -> Void
    ) throws(Problem) -> Outcome {
        throw Problem(kind: .unsupported, what: "cannot do that yet", why: "it is being written")
    }
}
