import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// The runtime while a program runs in the foreground: forwards signals, and the terminal.
struct Foreground: ~Copyable {
    let signals: SignalDescriptor

    /// Blocks the signals that are forwarded, so that none is lost before there is a program.
    ///
    /// - Parameter reapsOrphans: whether processes that lose their parent become this one's.
    /// - Throws: when the signals or the terminal cannot be set up.
    init(reapsOrphans: Bool) throws(Problem) {
        signals = try explaining("cannot watch for signals") { () throws(SystemCallError) in
            try setSignalMask(Self.forwarded)
            if reapsOrphans { try setChildSubreaper(true) }
            return try SignalDescriptor(mask: Self.forwarded)
        }
    }

    /// The mask of all signals but those that nobody catches and those about this process itself:
    /// SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS.
    private static var forwarded: UInt64 {
        let (kill, stop) = (Signal.kill.maskBit, Signal.stop.maskBit)
        let faults: UInt64 = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 10 | 1 << 30
        return ~(kill | stop | faults)
    }

    /// Waits for the program's end.
    ///
    /// - Parameters:
    ///   - process: the program.
    ///   - terminal: the other side of its terminal.
    ///   - notify: to which it says that it is ready; the service's main process is this one then.
    ///   - deadline: after which the program is killed.
    /// - Returns: how it ended.
    /// - Throws: when the terminal or a socket fails.
    borrowing func wait(
        for process: borrowing ChildProcess, terminal: consuming OwnedFD?,
        notify: borrowing NotifySocket?, until deadline: Deadline
    ) throws(Problem) -> ExitStatus {
        guard let terminal else {
            return try explaining("cannot wait for the program") { () throws(SystemCallError) in
                try waitWithoutTerminal(process, notify, deadline)
            }
        }
        return try TerminalRelay(terminal: terminal, detachKeys: [], deadline, nil)
            .run(process, signals, notify)
    }

    /// The same of a program with a terminal, which the user may leave.
    ///
    /// - Parameters:
    ///   - process: the program.
    ///   - terminal: the other side of its terminal.
    ///   - keys: the bytes that leave it alone.
    ///   - attendant: this process, which stays with it then.
    ///   - deadline: after which the program is killed, whether the user is still there or not.
    /// - Returns: how it ended.
    /// - Throws: when the terminal fails.
    borrowing func wait(
        for process: borrowing ChildProcess, terminal: consuming OwnedFD, leavingBy keys: [UInt8],
        to attendant: Attendant, until deadline: Deadline
    ) throws(Problem) -> ExitStatus {
        try TerminalRelay(terminal: terminal, detachKeys: keys, deadline, attendant)
            .run(process, signals, nil)
    }

    private borrowing func waitWithoutTerminal(
        _ process: borrowing ChildProcess, _ notify: borrowing NotifySocket?,
        _ deadline: Deadline
    ) throws(SystemCallError) -> ExitStatus {
        while true {
            if deadline.isOver { return try Self.end(process) }
            let isReady = try Poll.waitForAny(
                of: process.descriptor.rawValue, signals.descriptor.rawValue,
                NotifySocket.descriptor(of: notify), milliseconds: deadline.restInMilliseconds)
            if isReady.second { try forward(to: process) }
            if isReady.third { try NotifySocket.relay(notify) }
            if isReady.first { return try process.wait() }
        }
    }

    /// Kills a program whose time is over.
    static func end(
        _ process: borrowing ChildProcess
    ) throws(SystemCallError) -> ExitStatus {
        try process.send(.kill)
        return try process.wait()
    }

    private borrowing func forward(to process: borrowing ChildProcess) throws(SystemCallError) {
        while let arrival = try signals.next() {
            try Self.forward(arrival, to: process)
        }
    }

    /// Passes a signal on; SIGCHLD means that there may be an orphan to reap.
    static func forward(
        _ arrival: SignalDescriptor.Arrival, to process: borrowing ChildProcess
    ) throws(SystemCallError) {
        if arrival.signal == .child { return try reapOrphans(except: process.id) }
        do throws(SystemCallError) {
            try process.send(arrival.signal)
        } catch  where error.errno == .noSuchProcess {
            return  // it has ended meanwhile
        }
    }
}
