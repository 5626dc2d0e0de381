import Diagnostics
import Linux

/// A terminal in raw mode for as long as this value lives.
///
/// Its old settings come back on every way out of the scope, errors included; signals that would
/// end the program are read from a descriptor meanwhile (``TerminalSignals``), so that they take
/// the same way out.
struct RawTerminal: ~Copyable {
    private let descriptor: CInt
    private let old: TerminalSettings

    private init(_ descriptor: CInt, old: TerminalSettings) {
        self.descriptor = descriptor
        self.old = old
    }

    /// Sets the terminal to raw mode.
    static func enter(_ descriptor: CInt) throws(Problem) -> RawTerminal {
        do {
            let old = try TerminalSettings(of: descriptor)
            try old.raw().apply(to: descriptor)
            return RawTerminal(descriptor, old: old)
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot set the terminal to raw mode",
                why: "\(error.errno)", cause: error)
        }
    }

    deinit {
        // Nothing is left to do when the terminal itself is gone.
        try? old.apply(to: descriptor)
    }
}
