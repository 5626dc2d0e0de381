import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// Writes a log to the machine's journal.
final class JournalWriter {
    private let fields: [String: String]
    /// Whether a message is lost that journald has no room for.
    private let mayLose: Bool
    private var socket: OwnedFD

    /// Connects with journald.
    init(_ fields: [String: String], mayLose: Bool) throws(Problem) {
        self.fields = fields
        self.mayLose = mayLose
        socket = try Self.connect()
    }

    /// Sends entries, one message each; unless they may be lost, the program waits while journald
    /// has no room.
    ///
    /// - Parameters:
    ///   - batch: the entries.
    ///   - keptCount: is raised by how many of them have arrived, also after an error.
    /// - Throws: when journald is away.
    func write(_ batch: LogBatch, keptCount: inout Int) throws(Problem) {
        for entry in batch.entries {
            let message = JournalMessage.datagram(entry, of: batch.stream, fields)
            do throws(SystemCallError) {
                if mayLose {
                    guard try socket.sendIfReady(message) else { throw Self.full }
                } else {
                    try socket.send(message)
                }
            } catch  where error.errno == .noBufferSpace {
                throw Problem(
                    kind: .exhausted, what: "cannot write to the journal",
                    why: "journald takes too little, and mode=non-blocking does not wait")
            } catch {
                // It was started anew since, with a new socket.
                socket = try Self.connect()
                try explaining("cannot write to the journal") { () throws(SystemCallError) in
                    _ = try socket.send(message)
                }
            }
            keptCount += 1
        }
    }

    private static let full = SystemCallError(
        call: "send", subject: "the journal", errno: .noBufferSpace)

    private static func connect() throws(Problem) -> OwnedFD {
        try explaining(
            "cannot log to the journal",
            fix: "see 'systemctl status systemd-journald', or use --log-driver local"
        ) { () throws(SystemCallError) in
            try UnixSocket.connect(to: FilePath(JournalMessage.socket), .datagrams)
        }
    }
}
