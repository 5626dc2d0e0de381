import Glibc
package import SystemPackage

/// A connection to a service or to a bus, which blocks while it waits (D-Bus Specification).
///
/// One thread uses it; what it receives besides the answer that it waits for are signals, kept
/// until somebody asks.
package struct DBusConnection: ~Copyable {
    private let socket: OwnedFD
    private var received: [UInt8] = []
    private var signals: [DBusMessage] = []
    private var lastSerial: UInt32 = 0
    /// How long one answer may take.
    private let timeoutInMilliseconds: CInt

    private init(socket: consuming OwnedFD, timeoutInMilliseconds: CInt) {
        self.socket = socket
        self.timeoutInMilliseconds = timeoutInMilliseconds
    }

    /// Connects to a socket and proves who this user is (`EXTERNAL`: the kernel tells).
    package static func open(
        _ path: FilePath, timeoutInMilliseconds: CInt
    ) throws(DBusError) -> DBusConnection {
        let socket: OwnedFD
        do throws(SystemCallError) {
            socket = try UnixSocket.connect(to: path, .stream)
        } catch {
            throw .system(error)
        }
        var connection = DBusConnection(
            socket: socket, timeoutInMilliseconds: timeoutInMilliseconds)
        try connection.authenticate()
        return connection
    }

    /// What a method is called on.
    package struct Target: Sendable {
        package var destination: String
        package var path: String
        package var interface: String

        package init(destination: String, path: String, interface: String) {
            self.destination = destination
            self.path = path
            self.interface = interface
        }
    }

    /// A signal that was emitted.
    package struct Signal: Sendable {
        package var interface: String
        package var member: String
        package var body: [DBusValue]
    }

    /// Calls a method and waits for its answer.
    ///
    /// - Returns: what it returns.
    /// - Throws: ``DBusError/answered(name:message:)`` when the other side refuses.
    package mutating func call(
        _ method: String, of target: Target, _ arguments: [DBusValue]
    ) throws(DBusError) -> [DBusValue] {
        lastSerial += 1
        var message = DBusMessage(.call, serial: lastSerial)
        message.destination = target.destination
        message.path = target.path
        message.interface = target.interface
        message.member = method
        message.body = arguments
        try send(message.bytes)
        while true {
            let answer = try nextMessage()
            switch answer.kind {
            case .signal: signals.append(answer)
            case .reply where answer.replySerial == lastSerial: return answer.body
            case .error where answer.replySerial == lastSerial:
                throw .answered(
                    name: answer.errorName ?? "", message: answer.body.first?.text ?? "")
            case .call, .reply, .error: continue
            }
        }
    }

    /// Waits for the next signal.
    package mutating func nextSignal() throws(DBusError) -> Signal {
        while signals.isEmpty {
            let message = try nextMessage()
            if message.kind == .signal { signals.append(message) }
        }
        let signal = signals.removeFirst()
        return Signal(
            interface: signal.interface ?? "", member: signal.member ?? "", body: signal.body)
    }

    // MARK: Authentication (D-Bus Specification, § Authentication Protocol)

    private mutating func authenticate() throws(DBusError) {
        // Without a name: who this is, the kernel tells the other side, in whatever user namespace.
        // All at once: what systemd reads together with BEGIN it takes note of only when more comes.
        try send([0] + Array("AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n".utf8))
        var answer = try nextLine()
        if answer == "DATA" || answer.hasPrefix("DATA ") { answer = try nextLine() }
        guard answer == "OK" || answer.hasPrefix("OK ") else { throw .notAuthenticated(answer) }
    }

    private mutating func nextLine() throws(DBusError) -> String {
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = received[..<end].filter { $0 != UInt8(ascii: "\r") }
                received.removeSubrange(...end)
                return String(decoding: line, as: UTF8.self)
            }
            guard received.count < 4096 else { throw .malformed("a line without an end") }
            try receive()
        }
    }

    // MARK: Bytes

    private mutating func nextMessage() throws(DBusError) -> DBusMessage {
        while received.count < 16 { try receive() }
        let length = try DBusMessage.length(from: Array(received[..<16]))
        while received.count < length { try receive() }
        let message = Array(received[..<length])
        received.removeSubrange(..<length)
        return try DBusMessage(parsing: message)
    }

    private borrowing func send(_ bytes: [UInt8]) throws(DBusError) {
        var sent = 0
        do throws(SystemCallError) {
            while sent < bytes.count { sent += try socket.send(Array(bytes[sent...])) }
        } catch  where error.errno == .brokenPipe {
            throw .closed
        } catch {
            throw .system(error)
        }
    }

    private mutating func receive() throws(DBusError) {
        var isInTime = false
        do throws(SystemCallError) {
            let events = try Poll.wait(
                for: [socket.rawValue], .readable, milliseconds: timeoutInMilliseconds)
            isInTime = events.first?.isEmpty == false
            if isInTime {
                let bytes = try socket.receive(upToBytes: 65536)
                guard bytes.isEmpty else {
                    received += bytes
                    return
                }
            }
        } catch {
            throw .system(error)
        }
        throw isInTime ? .closed : .timedOut
    }
}
