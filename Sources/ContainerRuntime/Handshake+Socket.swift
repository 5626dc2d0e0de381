package import Diagnostics
package import Linux
import SystemPackage

extension SetupContext {
    /// Sends a message to the other side.
    ///
    /// - Returns: false when there is no other side any longer.
    @discardableResult
    package borrowing func send(_ message: HandshakeMessage) throws(Problem) -> Bool {
        try explaining("cannot reach the other side of the setup") {
            () throws(SystemCallError) -> Bool in
            switch handshake {
            case .some(let socket):
                _ = try socket.send(message.encoded)
                return true
            case .none: return false
            }
        }
    }

    /// Sends a message and a copy of a descriptor.
    package borrowing func send(
        _ message: HandshakeMessage, with descriptor: borrowing OwnedFD
    ) throws(Problem) {
        let raw = descriptor.rawValue
        try explaining("cannot reach the other side of the setup") {
            () throws(SystemCallError) in
            switch handshake {
            case .some(let socket): try socket.send(message.encoded, descriptors: [raw])
            case .none: return
            }
        }
    }

    /// Tells the other side that this one has come to a point.
    ///
    /// - Returns: false when the other side has gone: whoever reads next hears why.
    package borrowing func reach(_ rendezvous: Rendezvous) throws(Problem) -> Bool {
        do throws(Problem) {
            return try send(.reached(rendezvous))
        } catch  where error.kind == .unavailable {
            return false
        }
    }

    /// Reads messages until the other side has come to a point.
    ///
    /// Warnings are kept, descriptors taken over.
    ///
    /// - Throws: the other side's problem, or `.unavailable` when it ended without one.
    package mutating func wait(for rendezvous: Rendezvous) throws(Problem) {
        while let message = try receive() {
            switch message {
            case .reached(let point) where point == rendezvous: return
            case .reached(let point):
                throw Self.protocolViolation("\(point) came instead of \(rendezvous)")
            case .failed(let step, let problem):
                failedStep = step
                throw problem
            case .warning(let step, let text): warn(text, step: step)
            case .process, .helper: throw Self.protocolViolation("a process came twice")
            case .console, .seccompListener, .notifySocket: continue
            }
        }
        throw Problem(
            kind: .unavailable, what: "the container's first process ended during its setup",
            why: "it was killed, perhaps because its memory limit is too low to start with",
            fix: "look at the kernel's log, and raise linux.resources.memory.limit")
    }

    /// Reads messages until the seccomp listener has come.
    mutating func waitForSeccompListener() throws(Problem) {
        while let message = try receive() {
            switch message {
            case .seccompListener: return
            case .failed(let step, let problem):
                failedStep = step
                throw problem
            case .warning(let step, let text): warn(text, step: step)
            case .console: continue
            case .reached, .process, .helper, .notifySocket:
                throw Self.protocolViolation("a message came instead of the seccomp listener")
            }
        }
    }

    /// Reads the next message; nil at the end of the stream.
    package mutating func receive() throws(Problem) -> HandshakeMessage? {
        guard var received = try receiveDatagram(), !received.bytes.isEmpty else { return nil }
        guard let message = HandshakeMessage(decoding: received.bytes) else {
            throw Self.protocolViolation("\(received.bytes.count) bytes mean nothing")
        }
        switch message {
        case .console: consoleMaster = received.descriptor.take()
        case .seccompListener: seccompListener = received.descriptor.take()
        case .process: initDescriptor = received.descriptor.take()
        default: break
        }
        return message
    }

    /// Reads the next datagram; nil where there is no other side.
    private borrowing func receiveDatagram() throws(Problem) -> ReceivedMessage? {
        let limit = HandshakeMessage.maximumSizeInBytes
        switch handshake {
        case .none: return nil
        case .some(let socket):
            do throws(SystemCallError) {
                do throws(SystemCallError) {
                    return try socket.receiveMessage(upToBytes: limit)
                } catch  where error.errno == .connectionReset {
                    // The other side left a message unread when it ended. The kernel tells that
                    // once, and before what the other side had sent.
                    return try socket.receiveMessage(upToBytes: limit)
                }
            } catch {
                throw Problem(what: "cannot read from the other side of the setup", refusal: error)
            }
        }
    }

    private static func protocolViolation(_ why: String) -> Problem {
        Problem(kind: .bug, what: "the runtime and init do not understand each other", why: why)
    }
}

/// Tells the other side that this one has come to a point.
struct Reach: SetupStep {
    let rendezvous: Rendezvous

    var explanation: Explanation {
        Explanation(
            shell: "echo \(rendezvous) >&$handshake", why: "tells the other side to go on",
            spec: "")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        do throws(Problem) {
            try context.send(.reached(rendezvous))
        } catch  where error.kind == .unavailable {
            // The other side has gone, and may have said why.
            try context.wait(for: rendezvous)
        }
    }
}

/// Waits until the other side has come to a point.
struct Await: SetupStep {
    let rendezvous: Rendezvous

    var explanation: Explanation {
        Explanation(
            shell: "read <&$handshake  # \(rendezvous)", why: "waits for the other side", spec: "")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try context.wait(for: rendezvous)
    }
}
