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
    private var detachKeys: DetachKeys
    private let deadline: Deadline
    private let attendant: Attendant?

    /// - Parameters:
    ///   - terminal: the other side of the program's terminal.
    ///   - detachKeys: the bytes that leave the program alone; empty means that none do.
    ///   - deadline: after which the program is killed.
    ///   - attendant: this process, where the user may leave it with the program.
    /// - Throws: when the user's terminal cannot be made raw.
    init(
        terminal: consuming OwnedFD, detachKeys: [UInt8], _ deadline: Deadline,
        _ attendant: Attendant?
    ) throws(Problem) {
        self.terminal = terminal
        self.detachKeys = DetachKeys(detachKeys)
        self.deadline = deadline
        self.attendant = attendant
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

    /// Relays until the program has ended and all it wrote is written; from when the user has left
    /// on, what it writes is dropped.
    ///
    /// - Parameters:
    ///   - process: the program.
    ///   - signals: what is forwarded to it.
    ///   - notify: to which it says that it is ready.
    /// - Returns: how it ended.
    /// - Throws: when the terminal or a socket fails.
    consuming func run(
        _ process: borrowing ChildProcess, _ signals: borrowing SignalDescriptor,
        _ notify: borrowing NotifySocket?
    ) throws(Problem) -> ExitStatus {
        do throws(SystemCallError) {
            if let status = try relay(process, signals, notify) { return status }
            // It may be gone by now; then there is nothing to restore.
            try? settings?.apply(to: 0)
            try attendant?.letUserGo()
            return try keepTerminal(of: process)
        } catch {
            throw Problem(what: "cannot relay the terminal", refusal: error)
        }
    }

    /// Relays; nil when the user has left.
    private mutating func relay(
        _ process: borrowing ChildProcess, _ signals: borrowing SignalDescriptor,
        _ notify: borrowing NotifySocket?
    ) throws(SystemCallError) -> ExitStatus? {
        if settings != nil { try adoptSize() }
        let output = try OwnedFD(duplicating: 1)
        let input = try OwnedFD(duplicating: 0)
        var isInputOpen = true
        while true {
            let descriptors = [
                signals.descriptor.rawValue, terminal.rawValue, process.descriptor.rawValue,
                isInputOpen ? input.rawValue : -1, NotifySocket.descriptor(of: notify),
            ]
            if deadline.isOver { return try Foreground.end(process) }
            let events = try Poll.wait(
                for: descriptors, .readable, milliseconds: deadline.restInMilliseconds)
            if !events[0].isEmpty { try takeSignals(signals, process) }
            if !events[4].isEmpty { try NotifySocket.relay(notify) }
            if !events[1].isEmpty, try !carry(to: output) { return try process.wait() }
            if events[1].isEmpty, !events[2].isEmpty {
                // The program has ended; others may still hold its terminal.
                return try process.wait()
            }
            guard !events[3].isEmpty else { continue }
            switch try carryInput(from: input) {
            case .more: continue
            case .end: isInputOpen = false
            case .detach: return nil
            }
        }
    }

    /// What the user does.
    private enum Typing {
        case more, end, detach
    }

    /// Keeps the program's terminal open, and drops what it writes, until it has ended: a terminal
    /// without its other side ends those who use it.
    private borrowing func keepTerminal(
        of process: borrowing ChildProcess
    ) throws(SystemCallError) -> ExitStatus {
        let nowhere = try OwnedFD.open("/dev/null", .writeOnly)
        var source = terminal.rawValue
        while true {
            if deadline.isOver { return try Foreground.end(process) }
            let events = try Poll.wait(
                for: [source, process.descriptor.rawValue], .readable,
                milliseconds: deadline.restInMilliseconds)
            if !events[1].isEmpty { return try process.wait() }
            // poll(2) leaves out −1.
            if !events[0].isEmpty, try !carry(to: nowhere) { source = -1 }
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
    private mutating func carryInput(
        from input: borrowing OwnedFD
    ) throws(SystemCallError) -> Typing {
        let bytes = try input.read(upToBytes: 4096)
        guard !bytes.isEmpty else {
            try terminal.writeAll((detachKeys.rest() ?? []) + [4])
            return .end
        }
        let (typed, isDetached) = detachKeys.filter(bytes[...])
        if !typed.isEmpty { try terminal.writeAll(typed) }
        return isDetached ? .detach : .more
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
