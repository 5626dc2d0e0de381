import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// A process that attends a program which its user may leave by keys.
///
/// It is the program's parent, so that it learns how that ends also after the user has gone: the
/// command itself, whose end the user's shell waits for, does nothing but wait for it.
///
/// ```
/// command                              attendant
///    │ ─────────── clone3 ───────────────► │  starts the program, relays its terminal
///    │ ─────────── signals ──────────────► │  that were sent to the command alone
///    │ ◄────────── exit code ───────────── │  the program has ended
///    │ ◄────────── one byte ────────────── │  instead: the user has left
/// ```
final class Attendant {
    private let line: OwnedFD

    private init(line: consuming OwnedFD) { self.line = line }

    /// Who goes on after ``begin(_:)``.
    enum Side {
        /// The command; the attendant has ended with the exit code, or the user has left.
        case command(exitCode: CInt)
        case attendant(Attendant)
    }

    /// Divides the process.
    ///
    /// - Parameter signals: what the command passes on.
    /// - Returns: twice: at once in the attendant, and in the command when all is over.
    /// - Throws: when the kernel makes no process.
    static func begin(_ signals: borrowing SignalDescriptor) throws(Problem) -> Side {
        let what = "cannot start a process beside the program"
        let pair = try explaining(what) { () throws(SystemCallError) in try SocketPair(.packets) }
        let command = getpid()
        switch try explaining(
            what, { () throws(SystemCallError) in try Linux.clone([], intoCgroup: nil) })
        {
        case .child:
            try explaining(what) { () throws(SystemCallError) in
                try setParentDeathSignal(.kill)
            }
            // A command that was killed before that sends no signal.
            guard getppid() == command else { _exit(1) }
            return .attendant(Attendant(line: pair.split { _, second in second }))
        case .parent(let attendant):
            let line = pair.keepFirst()
            let code = try explaining("cannot wait for the program") {
                () throws(SystemCallError) in try wait(for: attendant, line, signals)
            }
            return .command(exitCode: code)
        }
    }

    private static func wait(
        for attendant: borrowing ChildProcess, _ line: borrowing OwnedFD,
        _ signals: borrowing SignalDescriptor
    ) throws(SystemCallError) -> CInt {
        let descriptors = [
            signals.descriptor.rawValue, line.rawValue, attendant.descriptor.rawValue,
        ]
        while true {
            let events = try Poll.wait(for: descriptors, .readable, milliseconds: nil)
            if !events[0].isEmpty {
                while let arrival = try signals.next() {
                    // What a terminal sends, it sends to both.
                    guard arrival.sender != 0, arrival.signal != .child else { continue }
                    try Foreground.forward(arrival, to: attendant)
                }
            }
            if !events[1].isEmpty, try !line.receive(upToBytes: 1).isEmpty { return 0 }
            if !events[2].isEmpty { return try attendant.wait().code }
        }
    }

    /// Lets the user go: the command ends, and this process has nothing of the user's any more.
    func letUserGo() throws(SystemCallError) {
        // The end of the user's session, which is near, would end this process, too.
        try setParentDeathSignal(Signal(rawValue: 0))
        _ = try setSignalMask(Signal.hangUp.maskBit)
        try startSession()
        let nowhere = try OwnedFD.open("/dev/null", .readWrite)
        let number = nowhere.rawValue
        try connectStandardStreams(input: number, output: number, error: number)
        try line.send([1])
    }
}
