import CLinux
import Glibc

/// The two ends of a pipe.
package struct Pipe: ~Copyable, Sendable {
    package let reading: OwnedFD
    package let writing: OwnedFD

    /// Makes a pipe, both ends with `O_CLOEXEC`.
    ///
    /// The system call is `pipe2(2)`.
    package init() throws(SystemCallError) {
        var ends: (CInt, CInt) = (-1, -1)
        try kernel("pipe2", "") {
            withUnsafeMutableBytes(of: &ends) {
                clinux_pipe2($0.assumingMemoryBound(to: CInt.self).baseAddress, O_CLOEXEC)
            }
        }
        reading = OwnedFD(adopting: ends.0)
        writing = OwnedFD(adopting: ends.1)
    }

    /// Closes the end that is written to.
    package consuming func keepReading() -> OwnedFD { reading }

    /// Gives both ends away.
    package consuming func split(_ body: (consuming OwnedFD, consuming OwnedFD) -> Void) {
        body(reading, writing)
    }
}

extension OwnedFD {
    /// A second descriptor for the same open file, with `O_CLOEXEC`.
    ///
    /// The system call is `fcntl(2)` with `F_DUPFD_CLOEXEC`.
    package borrowing func duplicate() throws(SystemCallError) -> OwnedFD {
        try OwnedFD(duplicating: rawValue)
    }

    /// A second descriptor for a file that someone else has open, such as descriptor 0.
    package init(duplicating descriptor: CInt) throws(SystemCallError) {
        self.init(
            adopting: try kernel("fcntl", describe(descriptor)) {
                clinux_fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
            })
    }

    /// Standard input as it is.
    ///
    /// To open `/dev/stdin` takes such a name, and the right to open what is behind it anew: sockets
    /// (ENXIO) and other users' pipes (EACCES) refuse that.
    package static func standardInput() throws(SystemCallError) -> OwnedFD {
        try OwnedFD(duplicating: 0)
    }

    /// Makes a descriptor number mean this open file, as a program that is executed finds it.
    ///
    /// The new descriptor stays open over `execve(2)`. The system call is `dup3(2)`, or `fcntl(2)`
    /// where the number is this one's own.
    package borrowing func place(at number: CInt) throws(SystemCallError) {
        if number == rawValue { return try setCloseOnExec(false) }
        try kernel("dup3", "descriptor \(number)") { clinux_dup3(rawValue, number, 0) }
    }

    /// Says whether the descriptor is closed by `execve(2)`: `FD_CLOEXEC`.
    package borrowing func setCloseOnExec(_ closes: Bool) throws(SystemCallError) {
        try kernel("fcntl", describe(rawValue)) {
            clinux_fcntl(rawValue, F_SETFD, closes ? FD_CLOEXEC : 0)
        }
    }

    /// Says whether calls on the open file wait: `O_NONBLOCK`.
    package borrowing func setNonBlocking(_ isNonBlocking: Bool) throws(SystemCallError) {
        let flags = try kernel("fcntl", describe(rawValue)) { clinux_fcntl(rawValue, F_GETFL, 0) }
        let wanted = isNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        try kernel("fcntl", describe(rawValue)) { clinux_fcntl(rawValue, F_SETFL, wanted) }
    }

    /// A file in memory without a name.
    ///
    /// The system call is `memfd_create(2)` with `MFD_CLOEXEC` and `MFD_ALLOW_SEALING`.
    package static func memory(named name: String) throws(SystemCallError) -> OwnedFD {
        OwnedFD(adopting: try kernel("memfd_create", name) { clinux_memfd_create(name, 0x3) })
    }

    /// Forbids every later change of a file in memory.
    ///
    /// The system call is `fcntl(2)`, `F_ADD_SEALS` with seal, shrink, grow and write.
    package borrowing func seal() throws(SystemCallError) {
        try kernel("fcntl", describe(rawValue)) { clinux_fcntl(rawValue, 1033, 0xf) }
    }
}

/// Many descriptors at once.
package enum Descriptors {
    /// Closes every descriptor from a number on.
    ///
    /// The system call is `close_range(2)`.
    package static func closeAll(from first: CInt) throws(SystemCallError) {
        try kernel("close_range", "\(first)…") {
            clinux_close_range(UInt32(first), UInt32.max, 0)
        }
    }
}
