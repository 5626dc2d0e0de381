import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// What the caller gets of a new process: its terminal, a descriptor of it, and its number.
///
/// The sockets are reached before anything is made, so that a wrong path costs nothing.
struct Handover: ~Copyable {
    private let consoleSocket: OwnedFD?
    private let processSocket: OwnedFD?
    private let processFile: FilePath?
    /// Whether nobody waits for the process.
    let isForNobody: Bool

    static let names: [OptionName] = [
        .value("console-socket"), .value("pidfd-socket"), .value("pid-file"),
    ]

    private init(
        consoleSocket: consuming OwnedFD?, processSocket: consuming OwnedFD?,
        processFile: FilePath?, isForNobody: Bool
    ) {
        self.consoleSocket = consoleSocket
        self.processSocket = processSocket
        self.processFile = processFile
        self.isForNobody = isForNobody
    }

    /// Reaches those who wait for the process.
    ///
    /// - Parameters:
    ///   - parsed: the command's arguments.
    ///   - isDetached: whether the runtime leaves, so that nobody else takes the terminal.
    ///   - hasTerminal: whether the process has one.
    /// - Returns: what ``deliver(_:as:terminal:)`` sends to.
    /// - Throws: ``Problem`` when the options contradict each other or nobody listens.
    static func prepare(
        _ parsed: ParsedArguments, isDetached: Bool, hasTerminal: Bool
    ) throws(Problem) -> Handover {
        let consolePath = parsed.value("console-socket")
        if isDetached, hasTerminal, consolePath == nil {
            throw Problem(
                kind: .invalid, what: "cannot allocate tty",
                why: "the runtime detaches, and a terminal is asked for without --console-socket",
                fix: "name a socket that takes the terminal")
        }
        if consolePath != nil, !(isDetached && hasTerminal) {
            throw Problem(
                kind: .invalid, what: "cannot use console socket",
                why: "the runtime does not detach, or no terminal is asked for",
                fix: "leave --console-socket out")
        }
        let consoleSocket = try connect(to: consolePath, "console")
        let processSocket = try connect(to: parsed.value("pidfd-socket"), "pidfd")
        return Handover(
            consoleSocket: consoleSocket, processSocket: processSocket,
            processFile: parsed.value("pid-file").map { FilePath($0) },
            isForNobody: consolePath == nil && parsed.value("pidfd-socket") == nil
                && parsed.value("pid-file") == nil)
    }

    /// Hands the process over.
    ///
    /// - Parameters:
    ///   - process: the process.
    ///   - role: what the message with its pidfd says: "standard" or "setns", as runc's.
    ///   - terminal: the other side of the process's terminal.
    /// - Returns: the terminal, where it is for the runtime itself to relay.
    /// - Throws: when a socket or the file fails.
    borrowing func deliver(
        _ process: borrowing ChildProcess, as role: String, terminal: consuming OwnedFD?
    ) throws(Problem) -> OwnedFD? {
        try send(process.descriptor, over: processSocket, "the process's descriptor", role)
        try writeProcessFile(process.id)
        guard let terminal = consume terminal else { return nil }
        // The bytes are the terminal's name, as libcontainer's receivers expect it.
        if try send(terminal, over: consoleSocket, "the terminal", "/dev/ptmx") { return nil }
        return terminal
    }

    /// - Returns: whether there is a socket to send over.
    @discardableResult
    private borrowing func send(
        _ descriptor: borrowing OwnedFD, over socket: borrowing OwnedFD?, _ what: String,
        _ text: String
    ) throws(Problem) -> Bool {
        let raw = descriptor.rawValue
        switch socket {
        case .none: return false
        case .some(let socket):
            try explaining("cannot hand \(what) over") { () throws(SystemCallError) in
                try socket.send(Array(text.utf8), descriptors: [raw])
            }
            return true
        }
    }

    /// Writes the process's number: a reader sees nothing or the whole number.
    private borrowing func writeProcessFile(_ id: CInt) throws(Problem) {
        guard let path = processFile else { return }
        try explaining("cannot write the pid file \(path)") { () throws(SystemCallError) in
            try File.replace(
                path, with: Array("\(id)".utf8), permissions: FilePermissions(rawValue: 0o644),
                lasting: .processExit)
        }
    }

    private static func connect(
        to path: String?, _ name: String
    ) throws(Problem) -> OwnedFD? {
        guard let path else { return nil }
        return try explaining(
            "cannot reach the \(name) socket \(path)", fix: "listen on it first"
        ) { () throws(SystemCallError) in try UnixSocket.connect(to: FilePath(path), .stream) }
    }
}
