import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Tells a service manager what a container says of itself (sd_notify(3)).
///
/// The manager's socket is not given away: the container gets one of the runtime's own, in a
/// directory of the container's state that is mounted at `/run/notify`, and the runtime passes on
/// what is the service's to say.
struct NotifySocket: ~Copyable {
    /// What the container writes to.
    let receiver: OwnedFD
    private let manager: OwnedFD

    /// Passes on what comes to a socket that another process has made.
    init(receiver: consuming OwnedFD) throws(Problem) {
        self.receiver = receiver
        manager = try Self.connect()
    }

    /// The manager's socket; nil where there is none.
    private static var managerAddress: String? {
        getenv("NOTIFY_SOCKET").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The directory that has to be made for a container's socket; nil where no manager listens.
    static func directory(for id: String, in root: RuntimeRoot) -> FilePath? {
        managerAddress == nil ? nil : root.path.appending(id).appending("notify")
    }

    /// Adds the mount and the variable to a container's specification.
    static func prepare(_ spec: inout RuntimeSpec, _ directory: FilePath) {
        spec.mounts.append(
            .init(
                destination: "/run/notify", type: "bind", source: directory.string,
                options: ["bind", "nosuid", "noexec", "nodev", "ro"]))
        spec.process?.env.append("NOTIFY_SOCKET=/run/notify/notify.sock")
    }

    /// Makes the container's socket before its program starts.
    ///
    /// - Returns: nil where no manager listens, or where the container was created without one.
    static func listen(for id: String, in root: RuntimeRoot) throws(Problem) -> NotifySocket? {
        guard let directory = directory(for: id, in: root), File.exists(directory)
        else { return nil }
        return try NotifySocket(receiver: Self.receiver(in: directory))
    }

    /// Makes the container's socket, to which everyone inside may write.
    static func receiver(in directory: FilePath) throws(Problem) -> OwnedFD {
        let path = directory.appending("notify.sock")
        return try explaining("cannot make the socket \(path)") { () throws(SystemCallError) in
            let receiver = try UnixSocket.receiver(at: path)
            try File.changePermissions(of: path, to: FilePermissions(rawValue: 0o777))
            return receiver
        }
    }

    /// Tells the manager something of this process's own, where one listens.
    static func tell(_ lines: [String]) throws(Problem) {
        guard managerAddress != nil else { return }
        let manager = try connect()
        try explaining("cannot tell the service manager \(lines.joined(separator: ", "))") {
            () throws(SystemCallError) in
            _ = try manager.send(Array(lines.map { $0 + "\n" }.joined().utf8))
        }
    }

    private static func connect() throws(Problem) -> OwnedFD {
        let address = managerAddress ?? ""
        do throws(SystemCallError) {
            return address.hasPrefix("@")
                ? try UnixSocket.connect(toAbstract: String(address.dropFirst()), .datagrams)
                : try UnixSocket.connect(to: FilePath(address), .datagrams)
        } catch {
            throw Problem(
                what: "cannot relay to the service manager's socket \(address)", refusal: error,
                fix: "without a service manager: unset NOTIFY_SOCKET")
        }
    }

    /// The descriptor to wait for; −1, which poll(2) leaves out, where there is no socket.
    static func descriptor(of socket: borrowing NotifySocket?) -> CInt {
        switch socket {
        case .some(let socket): socket.receiver.rawValue
        case .none: -1
        }
    }

    /// What becomes writable when the manager takes messages; −1 where there is no socket.
    static func managerDescriptor(of socket: borrowing NotifySocket?) -> CInt {
        switch socket {
        case .some(let socket): socket.manager.rawValue
        case .none: -1
        }
    }

    /// Waits until the container says that it is ready, or ends, and names its first process as
    /// the service's main one: for a runtime that leaves.
    borrowing func relayReadiness(of process: borrowing ChildProcess) throws(Problem) {
        while true {
            let happened = try explaining("cannot wait for the container to be ready") {
                () throws(SystemCallError) in
                try Poll.wait(
                    for: [receiver.rawValue, process.descriptor.rawValue], .readable,
                    milliseconds: nil)
            }
            if happened[0].isEmpty, !happened[1].isEmpty { return }
            guard !happened[0].isEmpty else { continue }
            let isReady = try explaining("cannot relay to the service manager") {
                () throws(SystemCallError) in try relay(mainProcess: process.id)
            }
            if isReady { return try barrier() }
        }
    }

    /// Passes one message on, for a runtime that is the service's main process.
    static func relay(_ socket: borrowing NotifySocket?) throws(SystemCallError) {
        switch socket {
        case .some(let socket): _ = try socket.relay(mainProcess: getpid())
        case .none: return
        }
    }

    /// Passes one message on.
    ///
    /// - Parameter mainProcess: what the manager is told to watch once the service is ready.
    /// - Returns: whether the service is ready.
    /// - Throws: when a socket fails.
    private borrowing func relay(mainProcess: CInt) throws(SystemCallError) -> Bool {
        // A descriptor that comes along closes: so ends a barrier of the container's.
        let message = try receiver.receiveMessage(upToBytes: 4096)
        var lines = String(decoding: message.bytes, as: UTF8.self).split(separator: "\n")
            .filter { line in Self.relayed.contains { line.hasPrefix("\($0)=") } }
        guard !lines.isEmpty else { return false }
        let isReady = lines.contains("READY=1")
        if isReady { lines.append("MAINPID=\(mainProcess)") }
        try manager.send(Array(lines.map { $0 + "\n" }.joined().utf8))
        return isReady
    }

    /// What a service may say; which process is the main one and what is kept for it is not its.
    private static let relayed = [
        "READY", "RELOADING", "STOPPING", "STATUS", "ERRNO", "WATCHDOG", "EXTEND_TIMEOUT_USEC",
    ]

    /// Waits until the manager has read all (sd_notify_barrier(3)): it asks who sent a message, and
    /// the runtime is about to end.
    private borrowing func barrier() throws(Problem) {
        try explaining("cannot wait for the service manager") { () throws(SystemCallError) in
            let pipe = try Pipe()
            try manager.send(Array("BARRIER=1".utf8), descriptors: [pipe.writing.rawValue])
            let reading = pipe.keepReading()
            // One that does not know barriers keeps the pipe: 30 s are enough for any other.
            _ = try Poll.wait(for: [reading.rawValue], [], milliseconds: 30_000)
        }
    }
}
