import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Sends a log to a server of the syslog protocol.
final class SyslogWriter {
    private let target: SyslogTarget
    private var socket: OwnedFD?
    /// Whole messages, and the rest of one, that the server had no room for.
    private var waiting: [UInt8] = []

    /// Connects with the server.
    init(_ target: SyslogTarget) throws(Problem) {
        self.target = target
        try connect()
    }

    /// Sends entries, one message each.
    ///
    /// - Parameters:
    ///   - batch: the entries.
    ///   - keptCount: is raised by how many of them are on their way, also after an error.
    /// - Throws: when the server is away or, where messages may be lost, has no room.
    func write(_ batch: LogBatch, keptCount: inout Int) throws(Problem) {
        let time = currentTimestamp()
        for entry in batch.entries {
            let message = SyslogMessage.bytes(
                entry, of: batch.stream, to: target, at: time, pid: getpid())
            do throws(SystemCallError) {
                try send(message)
            } catch  where error.errno == .noBufferSpace {
                throw Problem(
                    kind: .exhausted, what: "cannot log to the syslog server",
                    why: "it takes too little, and max-buffer-size is reached")
            } catch {
                // It was started anew since. What waited is lost with the connection.
                waiting.removeAll()
                try connect()
                try explaining("cannot log to the syslog server") { () throws(SystemCallError) in
                    try send(message)
                }
            }
            keptCount += 1
        }
    }

    private func send(_ message: [UInt8]) throws(SystemCallError) {
        guard let limit = target.bufferInBytes else {
            try Self.sendAll(message, over: socket)
            return
        }
        guard waiting.count + message.count <= limit else {
            try sendWaiting()
            guard waiting.count + message.count <= limit else {
                throw SystemCallError(call: "send", subject: "syslog", errno: .noBufferSpace)
            }
            waiting += message
            return
        }
        waiting += message
        try sendWaiting()
    }

    /// Sends what waits, as far as there is room.
    private func sendWaiting() throws(SystemCallError) {
        guard case .tcp = target.transport else {
            defer { waiting.removeAll() }
            return try Self.sendAll(waiting, over: socket)
        }
        while !waiting.isEmpty {
            let sent: Int
            do throws(SystemCallError) {
                sent = try Self.send(waiting, over: socket)
            } catch  where error.errno == .wouldBlock {
                return
            }
            waiting.removeFirst(sent)
        }
    }

    private func connect() throws(Problem) {
        let target = target
        socket = try explaining(
            "cannot reach the syslog server", fix: "see --log-opt syslog-address"
        ) { () throws(SystemCallError) in
            switch target.transport {
            case .local(let path): return try Self.connect(toPath: FilePath(path))
            case .udp(let address, let port): return try UDPSocket.open(to: address, port: port)
            case .tcp(let address, let port):
                let socket = try TCPConnection.open(to: address, port: port)
                if target.bufferInBytes != nil { try socket.setNonBlocking(true) }
                return socket
            }
        }
    }

    /// A socket of datagrams, or a stream where it is one.
    private static func connect(toPath path: FilePath) throws(SystemCallError) -> OwnedFD {
        do throws(SystemCallError) {
            return try UnixSocket.connect(to: path, .datagrams)
        } catch  where error.errno == Errno(rawValue: EPROTOTYPE) {
            return try UnixSocket.connect(to: path, .stream)
        }
    }

    private static func sendAll(
        _ bytes: [UInt8], over socket: borrowing OwnedFD?
    ) throws(SystemCallError) {
        var rest = bytes
        while !rest.isEmpty { rest.removeFirst(try send(rest, over: socket)) }
    }

    private static func send(
        _ bytes: [UInt8], over socket: borrowing OwnedFD?
    ) throws(SystemCallError) -> Int {
        switch socket {
        case .some(let socket): try socket.send(bytes)
        case .none:
            throw SystemCallError(call: "send", subject: "syslog", errno: Errno(rawValue: ENOTCONN))
        }
    }
}
