import CLinux
import Glibc
import SystemPackage

/// A process, held by a descriptor that never comes to mean another one (pidfd_open(2)).
package struct ChildProcess: ~Copyable {
    /// The process identifier in this process's PID namespace.
    package let id: CInt
    /// The pidfd; readable once the process has ended.
    package let descriptor: OwnedFD

    /// Takes over a pidfd that `clone3(2)` or a peer gave.
    package init(id: CInt, descriptor: consuming OwnedFD) {
        self.id = id
        self.descriptor = descriptor
    }

    /// Opens the process that has an identifier now (pidfd_open(2)).
    package init(opening id: CInt) throws(SystemCallError) {
        let raw = try kernel("pidfd_open", "process \(id)") { clinux_pidfd_open(id, 0) }
        self.init(id: id, descriptor: OwnedFD(adopting: raw))
    }

    /// Sends a signal (pidfd_send_signal(2)).
    package borrowing func send(_ signal: Signal) throws(SystemCallError) {
        let raw = descriptor.rawValue
        try kernel("pidfd_send_signal", "process \(id)") {
            clinux_pidfd_send_signal(raw, signal.rawValue)
        }
    }

    /// A descriptor of the process, duplicated into this one (pidfd_getfd(2)).
    package borrowing func duplicate(descriptor number: CInt) throws(SystemCallError) -> OwnedFD {
        let raw = descriptor.rawValue
        return OwnedFD(
            adopting: try kernel("pidfd_getfd", "descriptor \(number) of process \(id)") {
                clinux_pidfd_getfd(raw, number)
            })
    }

    /// Waits until the child has ended and takes its exit status (waitid(2), `P_PIDFD`).
    package borrowing func wait() throws(SystemCallError) -> ExitStatus {
        let (raw, id) = (descriptor.rawValue, id)
        var (code, status): (CInt, CInt) = (0, 0)
        try kernel("waitid", "process \(id)") { clinux_wait_pidfd(raw, 4, &code, &status) }
        return ExitStatus(code: code, status: status)
    }

    /// Takes the exit status of a child that has ended already, or nil while it runs.
    package borrowing func waitIfEnded() throws(SystemCallError) -> ExitStatus? {
        let (raw, id) = (descriptor.rawValue, id)
        var (code, status): (CInt, CInt) = (0, 0)
        try kernel("waitid", "process \(id)") {
            clinux_wait_pidfd(raw, 4 | 1, &code, &status)  // WEXITED | WNOHANG
        }
        return code == 0 ? nil : ExitStatus(code: code, status: status)
    }
}

/// How a process ended (waitid(2)).
package enum ExitStatus: Sendable, Equatable {
    /// It called `exit(2)` with this code.
    case exited(CInt)
    /// A signal ended it.
    case killed(Signal)

    /// Reads `si_code` (`CLD_EXITED` is 1) and `si_status`.
    init(code: CInt, status: CInt) {
        self = code == 1 ? .exited(status) : .killed(Signal(rawValue: status))
    }

    /// The code that a shell reports: the program's own, or 128 + the signal's number.
    package var code: CInt {
        switch self {
        case .exited(let code): code
        case .killed(let signal): 128 + signal.rawValue
        }
    }
}

/// Ends a child of this process at once and takes its exit status.
///
/// - Parameter id: a child that nobody has waited for, so that the number still means it.
/// - Throws: ``SystemCallError`` when the process is not ours to kill.
package func killAndReap(child id: CInt) throws(SystemCallError) {
    try kernel("kill", "process \(id)") { kill(id, SIGKILL) }
    try kernel("waitpid", "process \(id)") { waitpid(id, nil, 0) }
}

/// Ends another child of this process's parent at once and waits until it has ended.
///
/// - Parameter id: a sibling that its parent does not wait for yet, so that the number still means it.
/// - Throws: ``SystemCallError`` when the process is not ours to kill.
package func killAndAwait(sibling id: CInt) throws(SystemCallError) {
    let process = try ChildProcess(opening: id)
    try process.send(.kill)
    _ = try Poll.wait(for: [process.descriptor.rawValue], .readable, milliseconds: nil)
}

/// Takes the exit status of every child that has ended, except for one that someone waits for.
///
/// - Parameter id: the child to leave alone.
/// - Throws: ``SystemCallError`` of waitid(2).
package func reapOrphans(except id: CInt) throws(SystemCallError) {
    while true {
        var (child, code, status): (CInt, CInt, CInt) = (0, 0, 0)
        do throws(SystemCallError) {
            // WNOHANG | WNOWAIT | WEXITED: look first, so that the one child keeps its status.
            try kernel("waitid", "children") {
                clinux_wait_any(0x0100_0005, &child, &code, &status)
            }
        } catch  where error.errno == .noChildProcess {
            return
        }
        guard child != 0, child != id else { return }
        try kernel("waitpid", "process \(child)") { waitpid(child, nil, 0) }
    }
}
