package import Diagnostics
import Linux

/// A client's connection with a container's monitor: output and exit come, input and signals go.
///
/// Closing it (letting it go) detaches and leaves the container as it is.
package struct ContainerSession: ~Copyable, Sendable {
    /// The container.
    package let containerID: String
    let socket: OwnedFD

    init(containerID: String, socket: consuming OwnedFD) {
        self.containerID = containerID
        self.socket = socket
    }

    /// For `poll(2)`; readable when ``receive()`` has something.
    package var descriptor: CInt { socket.rawValue }

    /// Blocks for the next event; nil when the monitor is gone.
    package func receive() throws(Problem) -> SessionEvent? {
        throw Problem(kind: .unsupported, what: "cannot do that yet", why: "it is being written")
    }

    /// Asks the monitor something; a monitor that is gone already is no error, the next
    /// ``receive()`` says so.
    package func send(_ command: SessionCommand) throws(Problem) {
        throw Problem(kind: .unsupported, what: "cannot do that yet", why: "it is being written")
    }
}

/// What a container's monitor tells a client.
package enum SessionEvent: Sendable {
    case started(pid: Int32)
    case output([UInt8])
    case error([UInt8])
    case exited(code: Int32)
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
