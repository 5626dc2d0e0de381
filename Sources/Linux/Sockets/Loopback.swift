import CLinux

/// The loopback device of the process's network namespace (netdevice(7)).
package enum Loopback {
    /// Switches it on.
    ///
    /// The system call is `ioctl(2)` with `SIOCSIFFLAGS`, on a socket of any family: that costs less
    /// than a conversation over netlink.
    package static func switchOn() throws(SystemCallError) {
        let socket = OwnedFD(
            adopting: try kernel("socket", "AF_UNIX") { clinux_unix_socket(clinux_SOCK_DGRAM) })
        try kernel("ioctl", "SIOCSIFFLAGS lo") { clinux_interface_up(socket.rawValue, "lo") }
    }
}
