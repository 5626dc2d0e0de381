import Linux

/// Signals by name or number, as `--signal` and `--stop-signal` take them (signal(7)).
enum SignalFlag {
    /// Checks the signal and leaves it as its user wrote it: the engine translates.
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard Signal(named: text) != nil else {
            throw InvalidValue("invalid signal: \(text)", fix: "a name such as TERM, or 1 to 64")
        }
        return text
    }
}
