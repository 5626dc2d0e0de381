import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// What a monitor waits for, on one epoll: clients, signals, time, and the container.
final class MonitorSources {
    /// New clients arrive here.
    let listener: OwnedFD
    private let epoll: Epoll
    private let signals: SignalDescriptor
    private let timer: TimerDescriptor
    private var wanted: [UInt64: ReadinessEvents] = [:]

    /// The tokens of what is there once; a client's is ``firstClient`` or above.
    enum Token {
        static let listener: UInt64 = 0
        static let signals: UInt64 = 1
        static let timer: UInt64 = 2
        static let process: UInt64 = 3
        static let output: UInt64 = 4
        static let error: UInt64 = 5
        static let input: UInt64 = 6
        static let healthTimer: UInt64 = 7
        static let healthProcess: UInt64 = 8
        static let logCompressor: UInt64 = 9
        static let nameDatagrams: UInt64 = 10
        static let nameConnections: UInt64 = 11
        static let nameProcess: UInt64 = 12
        static let memory: UInt64 = 13
        static let notification: UInt64 = 14
        static let start: UInt64 = 15
        /// The ends of what fetches layers, by their descriptors' numbers.
        static let firstArrival: UInt64 = 1 << 32
        static let firstClient: UInt64 = 1 << 40
    }

    /// Listens at a path, where a socket of a monitor that was killed may be left.
    init(socket: FilePath) throws(Problem) {
        // Writing to a pipe without a reader is an error, not a signal.
        let blocked: [Signal] = [.terminate, .interrupt, .hangUp, .pipe]
        let what = "cannot prepare the monitor"
        try explaining(what) { () throws(SystemCallError) in
            _ = try setSignalMask(blocked.reduce(0) { $0 | $1.maskBit })
        }
        epoll = try explaining(what) { () throws(SystemCallError) in try Epoll() }
        signals = try explaining(what) { () throws(SystemCallError) in
            try SignalDescriptor([.terminate])
        }
        timer = try explaining(what) { () throws(SystemCallError) in try TimerDescriptor() }
        listener = try explaining("cannot listen for clients at \(socket)") {
            () throws(SystemCallError) in
            try Directory.makeAll(
                PathParts(socket).directory, permissions: .ownerReadWriteExecute)
            if File.exists(socket) { try Link.remove(socket) }
            return try UnixSocket.listen(at: socket, .packets, backlog: 64)
        }
        try want(.readable, of: listener.rawValue, Token.listener)
        try want(.readable, of: signals.descriptor.rawValue, Token.signals)
        try want(.readable, of: timer.descriptor.rawValue, Token.timer)
    }

    /// Waits for events on a descriptor from now on, or, for none, no longer.
    func want(_ events: ReadinessEvents, of number: CInt, _ token: UInt64) throws(Problem) {
        guard wanted[token, default: []] != events else { return }
        try explaining("cannot wait for descriptor \(number)") { () throws(SystemCallError) in
            if events.isEmpty {
                try epoll.remove(rawDescriptor: number)
            } else if wanted[token] == nil {
                try epoll.add(rawDescriptor: number, events, token: token)
            } else {
                try epoll.change(rawDescriptor: number, to: events, token: token)
            }
        }
        wanted[token] = events.isEmpty ? nil : events
    }

    /// Forgets a descriptor that is about to be closed, or is.
    func forget(_ token: UInt64) { wanted[token] = nil }

    /// Waits until something happens.
    func wait() throws(Problem) -> [Epoll.Event] {
        try explaining("cannot wait for the container") { () throws(SystemCallError) in
            try epoll.wait(milliseconds: nil)
        }
    }

    /// Sets the alarm; 0 switches it off.
    func setAlarm(milliseconds: Int64) throws(Problem) {
        try explaining("cannot set the alarm") { () throws(SystemCallError) in
            try timer.set(milliseconds: milliseconds)
        }
    }

    /// Takes the alarm; false when it was switched off meanwhile.
    func alarmRang() throws(Problem) -> Bool {
        try explaining("cannot read the alarm") { () throws(SystemCallError) in
            try timer.expirations() > 0
        }
    }

    /// Takes the signals that arrived; true when one asks for the end.
    func isAskedToEnd() throws(Problem) -> Bool {
        try explaining("cannot read the signals") { () throws(SystemCallError) in
            try signals.next() != nil
        }
    }
}
