import CLinux

/// A signal's number (signal(7)).
package struct Signal: RawRepresentable, Sendable, Equatable, Hashable {
    package let rawValue: CInt

    package init(rawValue: CInt) { self.rawValue = rawValue }

    /// The generic comparison of what has a raw value would look up conformances at run time.
    package static func == (left: Signal, right: Signal) -> Bool {
        left.rawValue == right.rawValue
    }

    package static let hangUp = Signal(rawValue: 1)
    package static let interrupt = Signal(rawValue: 2)
    package static let kill = Signal(rawValue: 9)
    package static let pipe = Signal(rawValue: 13)
    package static let terminate = Signal(rawValue: 15)
    package static let child = Signal(rawValue: 17)
    package static let stop = Signal(rawValue: 19)
    package static let windowChange = Signal(rawValue: 28)

    /// Reads a number or a name, with or without "SIG", in any case; nil when it is neither.
    ///
    /// Real-time signals are "RTMIN", "RTMIN+n", "RTMAX", "RTMAX-n" as the C library counts them
    /// (34 to 64), in runc, kill(1) and Docker.
    package init?(named text: some StringProtocol) {
        if let number = CInt(text) {
            guard (1...64).contains(number) else { return nil }
            self.init(rawValue: number)
            return
        }
        var name = text.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let known = Self.names.first(where: { $0.name == name }) {
            self.init(rawValue: known.number)
            return
        }
        guard let number = Self.realTimeNumber(name) else { return nil }
        self.init(rawValue: number)
    }

    /// The name with "SIG", or the number of a signal that has none.
    package var name: String {
        if let known = Self.names.first(where: { $0.number == rawValue }) {
            return "SIG" + known.name
        }
        if rawValue == Self.realTimeMinimum { return "SIGRTMIN" }
        if rawValue > Self.realTimeMinimum, rawValue <= Self.realTimeMaximum {
            return "SIGRTMIN+\(rawValue - Self.realTimeMinimum)"
        }
        return "\(rawValue)"
    }

    /// Whether no process can catch or block it.
    package var isUncatchable: Bool { self == .kill || self == .stop }

    /// This signal's bit in the kernel's signal set.
    package var maskBit: UInt64 { 1 << UInt64(rawValue - 1) }

    private static let realTimeMinimum: CInt = 34
    private static let realTimeMaximum: CInt = 64

    private static func realTimeNumber(_ name: String) -> CInt? {
        let number: CInt?
        if name == "RTMIN" {
            number = realTimeMinimum
        } else if name == "RTMAX" {
            number = realTimeMaximum
        } else if name.hasPrefix("RTMIN+") {
            number = CInt(name.dropFirst(6)).map { realTimeMinimum + $0 }
        } else if name.hasPrefix("RTMAX-") {
            number = CInt(name.dropFirst(6)).map { realTimeMaximum - $0 }
        } else {
            number = nil
        }
        guard let number, (realTimeMinimum...realTimeMaximum).contains(number) else { return nil }
        return number
    }

    /// The first of two names of one number is the one that ``name`` gives.
    private static let names: [(name: String, number: CInt)] = [
        ("HUP", 1), ("INT", 2), ("QUIT", 3), ("ILL", 4), ("TRAP", 5), ("ABRT", 6), ("IOT", 6),
        ("BUS", 7), ("FPE", 8), ("KILL", 9), ("USR1", 10), ("SEGV", 11), ("USR2", 12),
        ("PIPE", 13), ("ALRM", 14), ("TERM", 15), ("STKFLT", 16), ("CHLD", 17), ("CLD", 17),
        ("CONT", 18), ("STOP", 19), ("TSTP", 20), ("TTIN", 21), ("TTOU", 22), ("URG", 23),
        ("XCPU", 24), ("XFSZ", 25), ("VTALRM", 26), ("PROF", 27), ("WINCH", 28), ("IO", 29),
        ("POLL", 29), ("PWR", 30), ("SYS", 31), ("UNUSED", 31),
    ]
}

/// Replaces the calling process's signal mask (sigprocmask(2)).
///
/// - Returns: the mask before, to be restored.
@discardableResult
package func setSignalMask(_ mask: UInt64) throws(SystemCallError) -> UInt64 {
    var old: UInt64 = 0
    try kernel("rt_sigprocmask", "the signal mask") { clinux_set_signal_mask(mask, &old) }
    return old
}

/// Gives a signal its default effect again (signal(2), `SIG_DFL`).
package func setDefaultAction(for signal: Signal) throws(SystemCallError) {
    try kernel("sigaction", signal.name) { clinux_default_signal(signal.rawValue) }
}
