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

    /// - Parameters:
    ///   - terminal: the other side of the program's terminal.
    ///   - detachKeys: the bytes that leave the program alone; empty means that none do.
    /// - Throws: when the user's terminal cannot be made raw.
    init(terminal: consuming OwnedFD, detachKeys: [UInt8]) throws(Problem) {
        self.terminal = terminal
        self.detachKeys = DetachKeys(detachKeys)
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

    /// Relays until the program has ended and all it wrote is written, or the user detaches.
    ///
    /// - Parameters:
    ///   - process: the program.
    ///   - signals: what is forwarded to it.
    ///   - notify: to which it says that it is ready.
    /// - Returns: how it ended; nil where it goes on, with its terminal.
    /// - Throws: when the terminal or a socket fails.
    consuming func run(
        _ process: borrowing ChildProcess, _ signals: borrowing SignalDescriptor,
        _ notify: borrowing NotifySocket?
    ) throws(Problem) -> ExitStatus? {
        do throws(SystemCallError) {
            if let status = try relay(process, signals, notify) { return status }
            try keepTerminal(of: process)
            return nil
        } catch {
            throw Problem(what: "cannot relay the terminal", refusal: error)
        }
    }

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
            let events = try Poll.wait(for: descriptors, .readable, milliseconds: nil)
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

    /// Leaves a process behind that keeps the program's terminal open, and drops what the program
    /// writes, until that has ended: a terminal without its other side ends those who use it.
    private borrowing func keepTerminal(
        of process: borrowing ChildProcess
    ) throws(SystemCallError) {
        guard case .child = try clone([], intoCgroup: nil) else { return }
        do throws(SystemCallError) {
            // The end of the user's session, which is near, would end this process, too.
            _ = try setSignalMask(Signal.hangUp.maskBit)
            try startSession()
            let nowhere = try OwnedFD.open("/dev/null", .readWrite)
            let number = nowhere.rawValue
            try connectStandardStreams(input: number, output: number, error: number)
            while try Poll.wait(
                for: [terminal.rawValue, process.descriptor.rawValue], .readable, milliseconds: nil
            )[1].isEmpty {
                guard try carry(to: nowhere) else { break }
            }
        } catch {
            _exit(1)  // nobody is there to be told
        }
        _exit(0)
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
