import Diagnostics
import Glibc
import Linux
import Storage
import SystemPackage

/// A socket of the owner and mode that a RUN wants, behind which an agent of SSH answers.
///
/// The agent itself talks to root and its own user alone. What may be asked is what Docker's builder
/// lets through: which keys there are, and for signatures; keys are neither added nor removed.
final class AgentSocket: Sendable {
    let path: FilePath
    private let listener: OwnedFD
    private let thread: WorkerThread

    /// More than a message has: what OpenSSH's agent takes.
    private static let longestMessage = 256 << 10
    /// SSH_AGENTC_REQUEST_IDENTITIES and SSH_AGENTC_SIGN_REQUEST (the protocol's draft, § 6.1).
    private static let allowed: Set<UInt8> = [11, 13]
    /// SSH_AGENT_FAILURE, with its length.
    private static let refusal: [UInt8] = [0, 0, 0, 1, 5]

    /// Makes the socket.
    ///
    /// - Parameters:
    ///   - path: a free path.
    ///   - mount: its owner and mode.
    ///   - agent: the agent's own socket.
    /// - Throws: what the kernel refuses.
    init(
        at path: FilePath, for mount: RunMount.SecretMount, to agent: FilePath
    ) throws(Problem) {
        self.path = path
        let listener = try asking("cannot give the SSH agent \(mount.id)") {
            () throws(SystemCallError) in
            let listener = try UnixSocket.listen(at: path, .stream, backlog: 16)
            try File.changeOwner(of: path, user: mount.owner, group: mount.group)
            try File.changePermissions(
                of: path, to: FilePermissions(rawValue: mode_t(mount.mode)))
            return listener
        }
        let copy = try asking("cannot give the SSH agent \(mount.id)") {
            () throws(SystemCallError) in try listener.duplicate()
        }
        self.listener = listener
        thread = try Self.thread(with: copy) { copy in
            // It ends when the listener does.
            while let client = try? copy.accept() { Self.serve(client, agent) }
        }
    }

    deinit {
        // Nobody is told any more: accept(2) returns, and so does the thread.
        try? listener.shutDown()
        thread.join()
    }

    /// Answers a client on a thread of its own, until it goes.
    private static func serve(_ client: consuming OwnedFD, _ agent: FilePath) {
        // Without a thread, or an agent, the client sees its connection close.
        _ = try? thread(with: client) { client in
            guard let server = try? UnixSocket.connect(to: agent, .stream) else { return }
            while let request = message(from: client) {
                let isAllowed = allowed.contains(request[4])
                if isAllowed { guard send(request, to: server) else { return } }
                guard let answer = isAllowed ? message(from: server) : refusal,
                    send(answer, to: client)
                else { return }
            }
        }
    }

    /// Starts a thread that has a descriptor of its own.
    private static func thread(
        with file: consuming OwnedFD, _ body: @escaping @Sendable (borrowing OwnedFD) -> Void
    ) throws(Problem) -> WorkerThread {
        let raw = file.release()
        do throws(Problem) {
            return try WorkerThread { body(OwnedFD(adopting: raw)) }
        } catch {
            _ = OwnedFD(adopting: raw)
            throw error
        }
    }

    /// Sends a whole message; false where nobody takes it any more.
    private static func send(_ message: [UInt8], to socket: borrowing OwnedFD) -> Bool {
        var rest = message[...]
        while !rest.isEmpty {
            guard let count = try? socket.send(Array(rest)), count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next message with its length; nil at the end, and for what is none.
    private static func message(from socket: borrowing OwnedFD) -> [UInt8]? {
        guard let head = bytes(4, from: socket) else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard (1...longestMessage).contains(length), let body = bytes(length, from: socket) else {
            return nil
        }
        return head + body
    }

    private static func bytes(_ count: Int, from socket: borrowing OwnedFD) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let more = try? socket.read(upToBytes: count - bytes.count), !more.isEmpty else {
                return nil
            }
            bytes += more
        }
        return bytes
    }
}
