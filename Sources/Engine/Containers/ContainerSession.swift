import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

/// A client's connection with a container's monitor: output and exit come, input and signals go.
///
/// Closing it (letting it go) detaches and leaves the container as it is.
package struct ContainerSession: ~Copyable, Sendable {
    /// The container.
    package let containerID: String
    let socket: OwnedFD
    /// Where the monitor's bridges are, which an ordinary user's got when it was started.
    let bridges: FileStatus.Identity?

    init(containerID: String, socket: consuming OwnedFD, bridges: FileStatus.Identity?) {
        self.containerID = containerID
        self.socket = socket
        self.bridges = bridges
    }

    /// Joins the container's monitor.
    init(
        connectingTo path: FilePath, containerID: String
    ) throws(Problem) {
        let socket = try explaining("cannot reach the monitor of container \(containerID)") {
            () throws(SystemCallError) in try UnixSocket.connect(to: path, .packets)
        }
        self.init(containerID: containerID, socket: socket, bridges: nil)
    }

    /// For `poll(2)`; readable when ``receive()`` has something.
    package var descriptor: CInt { socket.rawValue }

    /// Blocks for the next event; nil when the monitor is gone.
    package func receive() throws(Problem) -> SessionEvent? {
        while let message = try receiveMessage() {
            switch message {
            case .started(let pid): return .started(pid: pid)
            case .output(let bytes): return .output(bytes)
            case .error(let bytes): return .error(bytes)
            case .exited(let code): return .exited(code: code)
            case .checked(let code): return .checked(exitCode: code)
            case .networkChanged: return .networkChanged
            case .problem(let json): return .failed(try Problem(json: json, from: "the monitor"))
            case .step: continue  // whoever wants them takes them before the program runs
            }
        }
        return nil
    }

    /// Blocks for the next message; nil when the monitor is gone.
    func receiveMessage() throws(Problem) -> MonitorMessage? {
        let bytes: [UInt8]?
        do throws(SystemCallError) {
            bytes = try hear { () throws(SystemCallError) in
                try socket.receive(upToBytes: monitorChunkInBytes + 1)
            }
        } catch {
            throw Problem(what: "cannot hear the container's monitor", refusal: error)
        }
        guard let bytes, !bytes.isEmpty else { return nil }
        return try MonitorMessage(datagram: bytes)
    }

    /// Reads from the monitor; nil where it has ended.
    ///
    /// One that ended before it had read all that it was sent may still have said something: the
    /// kernel tells the end first, once (ECONNRESET), and then gives out what was said before.
    func hear<Value>(
        _ read: () throws(SystemCallError) -> Value?
    ) throws(SystemCallError) -> Value? {
        for _ in 0..<2 {
            do throws(SystemCallError) {
                return try read()
            } catch  where error.errno == .connectionReset {
                continue
            }
        }
        return nil
    }

    /// Asks the monitor something; a monitor that is gone already is no error, the next
    /// ``receive()`` says so.
    package func send(_ command: SessionCommand) throws(Problem) {
        switch command {
        case .input(let bytes):
            var rest = bytes[...]
            while !rest.isEmpty {
                try send(ClientMessage.input(Array(rest.prefix(monitorChunkInBytes))))
                rest = rest.dropFirst(monitorChunkInBytes)
            }
        case .endOfInput: try send(ClientMessage.endOfInput)
        case .windowSize(let rows, let columns):
            try send(.resize(rows: rows, columns: columns))
        case .signal(let number): try send(.signal(UInt8(truncatingIfNeeded: number)))
        }
    }

    func send(_ message: ClientMessage) throws(Problem) {
        do throws(SystemCallError) {
            _ = try socket.send(message.datagram)
        } catch
            where error.errno == .brokenPipe || error.errno == .connectionReset
            || error.errno == .socketNotConnected
        {
            return
        } catch {
            throw Problem(what: "cannot tell the container's monitor", refusal: error)
        }
    }
}

/// What a container's monitor tells a client.
package enum SessionEvent: Sendable {
    case started(pid: Int32)
    case output([UInt8])
    case error([UInt8])
    case exited(code: Int32)
    /// The health check that was asked for ended so.
    case checked(exitCode: Int32)
    /// The networks are what was asked.
    case networkChanged
    /// The container could not start; the problem's kind decides the exit code.
    case failed(Problem)
}

/// What a client asks of a container's monitor.
package enum SessionCommand: Sendable {
    case input([UInt8])
    case endOfInput
    case windowSize(rows: UInt16, columns: UInt16)
    case signal(Int32)
}
