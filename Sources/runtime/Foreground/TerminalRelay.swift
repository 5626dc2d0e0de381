import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Carries bytes between the user's terminal and the program's.
///
/// The user's terminal is raw meanwhile, so that the program's own does the line editing; its size
/// follows (SIGWINCH). Standard input need not be a terminal.
struct TerminalRelay: ~Copyable {
    private let terminal: OwnedFD
    private let settings: TerminalSettings?

    init(terminal: consuming OwnedFD) throws(Problem) {
        self.terminal = terminal
        guard Terminal.isTerminal(0) else {
            settings = nil
            return
        }
        settings = try explaining("cannot make the terminal raw") { () throws(SystemCallError) in
            let settings = try TerminalSettings(of: 0)
            try settings.raw().apply(to: 0)
            return settings
        }
    }

    deinit {
        // The terminal may be gone by now; then there is nothing to restore.
        try? settings?.apply(to: 0)
    }

    /// Relays until the program has ended and all it wrote is written.
    consuming func run(
        _ process: borrowing ChildProcess, _ signals: borrowing SignalDescriptor,
        _ notify: borrowing NotifySocket?
    ) throws(Problem) -> ExitStatus {
        do throws(SystemCallError) {
            return try relay(process, signals, notify)
        } catch {
            throw Problem(what: "cannot relay the terminal", refusal: error)
        }
    }

    private borrowing func relay(
        _ process: borrowing ChildProcess, _ signals: borrowing SignalDescriptor,
        _ notify: borrowing NotifySocket?
    ) throws(SystemCallError) -> ExitStatus {
        if settings != nil { try adoptSize() }
        let output = try OwnedFD(duplicating: 1)
        let input = try OwnedFD(duplicating: 0)
        var isInputOpen = true
        while true {
            let descriptors = [
                signals.descriptor.rawValue, terminal.rawValue, process.descriptor.rawValue,
                isInputOpen ? input.rawValue : -1, NotifySocket.descriptor(of: notify),
            ]
            let events = try Poll.wait(for: descriptors, .readable, milliseconds: nil)
            if !events[0].isEmpty { try takeSignals(signals, process) }
            if !events[4].isEmpty { try NotifySocket.relay(notify) }
            if !events[1].isEmpty, try !carry(to: output) { return try process.wait() }
            if events[1].isEmpty, !events[2].isEmpty {
                // The program has ended; others may still hold its terminal.
                return try process.wait()
            }
            if !events[3].isEmpty { isInputOpen = try carryInput(from: input) }
        }
    }

    /// Writes what the program wrote; false when nobody holds its side of the terminal any longer.
    private borrowing func carry(to output: borrowing OwnedFD) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            let bytes = try terminal.read(upToBytes: 32 * 1024)
            guard !bytes.isEmpty else { return false }
            try output.writeAll(bytes)
            return true
        } catch  where error.errno == .ioError {
            return false
        }
    }

    /// Types what the user typed; at the end of input the program reads an end of file (^D).
    private borrowing func carryInput(
        from input: borrowing OwnedFD
    ) throws(SystemCallError) -> Bool {
        let bytes = try input.read(upToBytes: 4096)
        try terminal.writeAll(bytes.isEmpty ? [4] : bytes)
        return !bytes.isEmpty
    }

    private borrowing func takeSignals(
        _ signals: borrowing SignalDescriptor, _ process: borrowing ChildProcess
    ) throws(SystemCallError) {
        while let arrival = try signals.next() {
            if arrival.signal == .windowChange {
                try adoptSize()
            } else {
                try Foreground.forward(arrival, to: process)
            }
        }
    }

    private borrowing func adoptSize() throws(SystemCallError) {
        try WindowSize(of: 0).apply(to: terminal.rawValue)
    }
}
