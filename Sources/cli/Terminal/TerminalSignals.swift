import Diagnostics
import Linux

/// The signals that a client in the foreground reads from a descriptor instead of dying of them.
struct TerminalSignals: ~Copyable {
    private let arrivals: SignalDescriptor
    private let oldMask: UInt64

    /// What people and supervisors send to a program, and the change of a window's size.
    ///
    /// Job control (TSTP, CONT, TTIN, TTOU) stays with this program, and so do the signals of its
    /// own faults.
    static var watched: [Signal] {
        let names = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH", "PWR"]
        return names.compactMap { Signal(named: $0) } + (34...64).map { Signal(rawValue: $0) }
    }

    private init(arrivals: consuming SignalDescriptor, oldMask: UInt64) {
        self.arrivals = arrivals
        self.oldMask = oldMask
    }

    /// Blocks the signals, so that they wait in the descriptor from now on.
    static func watch() throws(Problem) -> TerminalSignals {
        do throws(SystemCallError) {
            let arrivals = try SignalDescriptor(watched)
            let oldMask = try setSignalMask(watched.reduce(0) { $0 | $1.maskBit })
            return TerminalSignals(arrivals: arrivals, oldMask: oldMask)
        } catch {
            throw Problem(
                kind: .unsupported, what: "cannot watch for signals", why: "\(error)", cause: error)
        }
    }

    deinit {
        // The program is about to end, with or without its signals.
        _ = try? setSignalMask(oldMask)
    }

    /// For `poll(2)`.
    var descriptor: CInt { arrivals.descriptor.rawValue }

    /// The next signal that has arrived, or nil.
    func next() throws(Problem) -> Signal? {
        do {
            return try arrivals.next()?.signal
        } catch {
            throw Problem(
                kind: .bug, what: "cannot read a signal", why: "\(error)", cause: error)
        }
    }
}
