import CLinux
import SystemPackage

/// Signals that are read from a descriptor (`signalfd(2)`) while they are blocked.
package struct SignalDescriptor: ~Copyable, Sendable {
    /// The descriptor, to wait for.
    package let descriptor: OwnedFD

    /// One signal that arrived.
    package struct Arrival: Sendable, Equatable {
        package var signal: Signal
        /// The process that sent it, or the child that it is about.
        package var sender: CInt
    }

    /// Receives these signals, which must be blocked (``setSignalMask(_:)``).
    package init(_ signals: [Signal]) throws(SystemCallError) {
        try self.init(mask: signals.reduce(0) { $0 | $1.maskBit })
    }

    /// Receives the signals of a mask.
    package init(mask: UInt64) throws(SystemCallError) {
        descriptor = OwnedFD(adopting: try kernel("signalfd", "") { clinux_signalfd(mask) })
    }

    /// Takes the next signal that has arrived; nil where none has.
    package borrowing func next() throws(SystemCallError) -> Arrival? {
        let size = Int(clinux_signalfd_siginfo_size)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 8)
        defer { buffer.deallocate() }
        // Not by way of an error, whose text costs a look into /proc.
        guard try descriptor.readIfReady(into: buffer) == size else { return nil }
        // struct signalfd_siginfo: ssi_signo, ssi_errno, ssi_code, ssi_pid
        return Arrival(
            signal: Signal(rawValue: buffer.loadUnaligned(fromByteOffset: 0, as: CInt.self)),
            sender: buffer.loadUnaligned(fromByteOffset: 12, as: CInt.self))
    }
}

/// A timer that is waited for like a file (`timerfd_create(2)`), on the monotonic clock.
package struct TimerDescriptor: ~Copyable, Sendable {
    /// The descriptor, to wait for.
    package let descriptor: OwnedFD

    package init() throws(SystemCallError) {
        descriptor = OwnedFD(adopting: try kernel("timerfd_create", "") { clinux_timerfd() })
    }

    /// Goes off once, so many milliseconds from now; 0 switches it off.
    ///
    /// The system call is `timerfd_settime(2)`.
    package borrowing func set(milliseconds: Int64) throws(SystemCallError) {
        let timer = descriptor.rawValue
        try kernel("timerfd_settime", "") {
            clinux_timerfd_set(timer, milliseconds / 1000, milliseconds % 1000 * 1_000_000, 0, 0)
        }
    }

    /// How often it went off since the last question.
    package borrowing func expirations() throws(SystemCallError) -> UInt64 {
        do throws(SystemCallError) {
            let count = try descriptor.read(upToBytes: 8)
            return count.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        } catch  where error.errno == .wouldBlock {
            return 0
        }
    }
}
