import CLinux
import Glibc
import SystemPackage

/// The size of a terminal in characters.
package struct WindowSize: Sendable, Equatable {
    package var rows: UInt16
    package var columns: UInt16

    package init(rows: UInt16, columns: UInt16) {
        self.rows = rows
        self.columns = columns
    }

    /// The size of the terminal that a descriptor is open on.
    ///
    /// The system call is `ioctl(2)` with `TIOCGWINSZ` (`ioctl_tty(2)`).
    package init(of terminal: CInt) throws(SystemCallError) {
        var (rows, columns): (UInt16, UInt16) = (0, 0)
        try kernel("ioctl", "TIOCGWINSZ") { clinux_get_window_size(terminal, &rows, &columns) }
        self.init(rows: rows, columns: columns)
    }

    /// Gives a terminal this size, and its foreground processes a SIGWINCH.
    ///
    /// The system call is `ioctl(2)` with `TIOCSWINSZ`.
    package func apply(to terminal: CInt) throws(SystemCallError) {
        try kernel("ioctl", "TIOCSWINSZ") { clinux_set_window_size(terminal, rows, columns) }
    }
}

/// A terminal's settings, to change and to restore (`termios(3)`).
package struct TerminalSettings: Sendable {
    /// The C library's `struct termios`.
    private var content: [UInt8]

    /// Asks a terminal; fails with ENOTTY where it is none.
    package init(of terminal: CInt) throws(SystemCallError) {
        var content = [UInt8](repeating: 0, count: Int(clinux_termios_size))
        try kernel("tcgetattr", "descriptor \(terminal)") {
            content.withUnsafeMutableBytes { clinux_tcgetattr(terminal, $0.baseAddress) }
        }
        self.content = content
    }

    /// The same without line editing, echo, signals and translation: `cfmakeraw(3)`.
    package func raw() -> TerminalSettings {
        var copy = self
        copy.content.withUnsafeMutableBytes { clinux_cfmakeraw($0.baseAddress) }
        return copy
    }

    /// The same without the carriage return before each line feed (`ONLCR`).
    package func withoutCarriageReturns() -> TerminalSettings {
        var copy = self
        copy.content.withUnsafeMutableBytes { clinux_termios_onlcr($0.baseAddress, 0) }
        return copy
    }

    /// Gives a terminal these settings at once.
    ///
    /// The call is `tcsetattr(3)` with `TCSANOW`. A program in the background needs SIGTTOU
    /// blocked or ignored.
    package func apply(to terminal: CInt) throws(SystemCallError) {
        try kernel("tcsetattr", "descriptor \(terminal)") {
            content.withUnsafeBytes { clinux_tcsetattr(terminal, $0.baseAddress) }
        }
    }
}

/// Questions about terminals by descriptor.
package enum Terminal {
    /// Whether a descriptor is open on a terminal: `isatty(3)`.
    package static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// Makes a terminal the controlling one of this session, whose leader the process must be.
    ///
    /// The system call is `ioctl(2)` with `TIOCSCTTY`.
    package static func makeControlling(
        _ terminal: borrowing OwnedFD
    ) throws(SystemCallError) {
        let descriptor = terminal.rawValue
        try kernel("ioctl", "TIOCSCTTY") { clinux_set_controlling_terminal(descriptor, 0) }
    }
}
