import Diagnostics
import Linux
import SystemPackage

/// Makes `exec.fifo`, on which init waits until the container is started (fifo(7)).
struct MakeStartFifo: SetupStep {
    let path: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "mkfifo -m 600 \(path)", why: "init waits for the start on it",
            spec: "create")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        try explaining("cannot make \(path)") { () throws(SystemCallError) in
            try StartFifo.make(at: path)
        }
    }
}

/// Makes the directory of the socket to which the program says that it is ready.
struct MakeNotifyDirectory: SetupStep {
    let path: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "mkdir \(path)", why: "the program tells the service manager that it is ready",
            spec: "NOTIFY_SOCKET")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // It goes with the container's directory.
        try explaining("cannot make \(path)") { () throws(SystemCallError) in
            try Directory.make(path, permissions: FilePermissions(rawValue: 0o755))
        }
    }
}

/// Opens the fifo while its path still means something: to read the start from it, and to write why
/// the program could not be executed.
struct OpenStartFifo: SetupStep {
    let path: FilePath

    var explanation: Explanation {
        Explanation(
            shell: "exec {fifo}<>\(path)", why: "the path does not exist inside the container",
            spec: "create")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // Not blocking: `start` finds out by the reader that init lives, and init polls.
        context.startFifo = try explaining("cannot open \(path)") { () throws(SystemCallError) in
            try OwnedFD.open(path, [.readWrite, .nonBlocking])
        }
    }
}

/// Waits until `start` writes to the fifo.
struct AwaitStartFifo: SetupStep {
    var explanation: Explanation {
        Explanation(
            shell: "read <&$fifo", why: "the container is created, and not started yet",
            spec: "start")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        // The runtime goes away now: an error from here on goes to the one who starts.
        context.handshake = nil
        try explaining("cannot wait for the start") { () throws(SystemCallError) in
            switch context.startFifo {
            case .some(let fifo): try StartFifo.waitForStart(fifo)
            case .none: preconditionFailure("the fifo was not opened")
            }
        }
        context.isStarted = true
    }
}

/// The fifo between create and start.
///
/// Init reads and `start` writes one byte, so that `start` learns at once when init is gone
/// (`ENXIO`: no reader), and afterwards that the program runs: `execve(2)` closes the reader. Where
/// init fails before that, it writes why into the fifo, which `start` then finds there.
enum StartFifo {
    static func make(at path: FilePath) throws(SystemCallError) {
        let parts = PathParts(path)
        let directory = try OwnedFD.open(parts.directory, [.path, .directory])
        try directory.makeNode(
            parts.name, .fifo, permissions: .ownerReadWrite, device: DeviceNumber(rawValue: 0))
    }

    /// Waits for the byte.
    static func waitForStart(_ fifo: borrowing OwnedFD) throws(SystemCallError) {
        _ = try Poll.wait(for: [fifo.rawValue], .readable, milliseconds: nil)
        _ = try fifo.read(upToBytes: 1)
    }

    /// Lets init go on, and waits until it has become the program or has ended.
    ///
    /// - Returns: why it could not become the program; nil when it has.
    /// - Throws: ENXIO when no init waits.
    static func start(at path: FilePath) throws(SystemCallError) -> Problem? {
        let fifo = try OwnedFD.open(path, [.writeOnly, .nonBlocking])
        // Who removes the name is the one who starts: a second `start` finds nothing.
        try Link.remove(path)
        try fifo.writeAll("0")
        _ = try Poll.wait(for: [fifo.rawValue], [], milliseconds: nil)  // POLLERR: no reader
        let answer = try OwnedFD.open(fifo.procPath, [.readOnly, .nonBlocking])
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try answer.read(upToBytes: HandshakeMessage.maximumSizeInBytes)
        } catch  where error.errno == .resourceTemporarilyUnavailable {
            return nil  // nothing was written
        }
        guard case .failed(_, let problem)? = HandshakeMessage(decoding: bytes) else { return nil }
        return problem
    }
}
