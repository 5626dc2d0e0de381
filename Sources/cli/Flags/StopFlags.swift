/// How `stop` and `restart` end a container: by which signal, and how long they wait for it.
struct StopFlags {
    /// The signal in place of the container's own.
    var signal: String?
    /// Seconds until the container is killed.
    var timeout: Int?

    static var flags: [Flag<StopFlags>] {
        [
            .value(
                "signal", "s", "string", "Signal to send to the container", \.signal,
                SignalFlag.parse),
            .value(
                "timeout", "t", "int", "Seconds to wait before killing the container",
                \.timeout, NumberValue.parseInt),
            Flag<StopFlags>.value("time", nil, "int", "", \.timeout, NumberValue.parseInt).hidden,
        ]
    }
}
