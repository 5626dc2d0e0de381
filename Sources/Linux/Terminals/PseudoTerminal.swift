import CLinux
import Glibc

/// A pseudoterminal (`pty(7)`): what is written to one side is typed on the other.
package struct PseudoTerminal: ~Copyable, Sendable {
    /// The side of the program that plays the user: the ptmx.
    package let primary: OwnedFD
    /// The number N of the terminal side, `/dev/pts/N` of the devpts that the ptmx belongs to.
    package let number: UInt32

    /// Takes an opened multiplexer, `/dev/ptmx` or a devpts's own, and unlocks its terminal side.
    ///
    /// The system calls are `ioctl(2)` with `TIOCSPTLCK` and `TIOCGPTN`.
    package init(adopting primary: consuming OwnedFD) throws(SystemCallError) {
        let descriptor = primary.rawValue
        var number: UInt32 = 0
        try kernel("ioctl", "TIOCSPTLCK") { clinux_pty_unlock(descriptor) }
        try kernel("ioctl", "TIOCGPTN") { clinux_pty_number(descriptor, &number) }
        self.number = number
        self.primary = primary
    }

    /// Opens the terminal side without a path that could be exchanged.
    ///
    /// The system call is `ioctl(2)` with `TIOCGPTPEER`.
    package borrowing func openTerminal() throws(SystemCallError) -> OwnedFD {
        let descriptor = primary.rawValue
        let flags = OpenFlags([.readWrite, .noControllingTerminal]).rawValue | O_CLOEXEC
        return OwnedFD(
            adopting: try kernel("ioctl", "TIOCGPTPEER") { clinux_pty_peer(descriptor, flags) })
    }

    /// Gives the primary side away.
    package consuming func takePrimary() -> OwnedFD { primary }
}
