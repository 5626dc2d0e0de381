import Diagnostics
import Engine
import Linux

/// A client that shows a container's streams on its own terminal or pipes.
struct Foreground {
    /// The streams that travel.
    let streams: AttachedStreams
    /// Whether the container's program has a pseudo terminal.
    let hasTerminal: Bool
    /// The bytes that leave the container running; empty means that none do.
    let detachKeys: [UInt8]
    /// Signals that arrive here go to the container's program (never with a terminal, whose keys
    /// arrive as bytes).
    let proxiesSignals: Bool

    /// How it ended.
    enum Ending {
        case exited(code: Int32)
        case detached
        /// This program got a signal that it does not pass on.
        case signalled(Signal)
    }

    /// Refuses a terminal for the container where there is none here.
    func checkTerminal() throws(Problem) {
        guard hasTerminal && streams.contains(.input) && !Terminal.isTerminal(0) else { return }
        throw Problem(
            kind: .invalid, what: "cannot attach to a terminal",
            why: "the input device is not a TTY", fix: "leave -t out when the input is a pipe")
    }

    /// Carries bytes until the container ends, the user detaches or a signal ends this program.
    func run(_ container: borrowing ContainerSession) throws(Problem) -> Ending {
        let signals = try TerminalSignals.watch()
        let usesRawMode = hasTerminal && streams.contains(.input) && Terminal.isTerminal(0)
        let raw: RawTerminal? = usesRawMode ? try RawTerminal.enter(0) : nil
        defer { _ = raw }  // lives until the pump has ended
        if hasTerminal { try sendWindowSize(to: container) }
        let pump = SessionPump(
            input: streams.contains(.input) ? 0 : nil,
            output: streams.contains(.output) ? 1 : nil,
            error: streams.contains(.error) ? 2 : nil,
            detachKeys: hasTerminal ? detachKeys : [], wake: signals.descriptor)
        var end: Signal?
        do {
            let outcome = try pump.run(container) { container throws(Problem) in
                while let signal = try signals.next() {
                    if signal == .windowChange {
                        if hasTerminal { try sendWindowSize(to: container) }
                    } else if proxiesSignals && !hasTerminal {
                        try container.send(.signal(signal.rawValue))
                    } else {
                        end = signal
                        throw Problem(
                            kind: .unavailable, what: "ended by \(signal.name)",
                            why: "the container runs on")
                    }
                }
            }
            return try ending(outcome, of: container.containerID)
        } catch {
            guard let end else { throw error }
            return .signalled(end)
        }
    }

    private func ending(
        _ outcome: SessionPump.Outcome, of id: String
    ) throws(Problem) -> Ending {
        switch outcome {
        case .exited(let code): return .exited(code: code)
        case .detached: return .detached
        case .lost:
            throw Problem(
                kind: .unavailable, what: "lost container \(Table.shortID(id))",
                why: "its monitor went away without an exit code",
                fix: "see 'kade ps -a' and 'kade logs \(Table.shortID(id))'")
        }
    }

    private func sendWindowSize(to container: borrowing ContainerSession) throws(Problem) {
        // Only a client on a terminal has a size to send.
        guard let size = try? WindowSize(of: Terminal.isTerminal(0) ? 0 : 1) else { return }
        try container.send(.windowSize(rows: size.rows, columns: size.columns))
    }
}

extension Foreground.Ending {
    /// The code that the client ends with.
    var code: ExitCode {
        switch self {
        case .exited(let code): ExitCode(rawValue: code)
        case .detached: .success
        case .signalled(let signal): ExitCode(rawValue: 128 + signal.rawValue)
        }
    }
}
