import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// A start of the container by a process of its own, which ends when the container runs.
///
/// What reading a specification, planning and setting up take of memory goes with that process:
/// the monitor, of which there is one for each container, stays as small as it was before. Init is
/// a sibling of that process (`CLONE_PARENT`), so that the monitor is its parent.
///
/// While that process lives it holds the lock of the bundle's directory: it goes on for a moment
/// when its monitor is killed, and a command that cleans up waits for its end.
///
/// ```
/// monitor                                        starter
///    │ ──────────── clone3 ───────────────────────► │  creates and starts the container
///    │ ◄─────────── notifySocket + descriptor ───── │  only where a service manager listens
///    │ ◄─────────── console + descriptor ────────── │  only with a terminal
///    │ ◄─────────── helper ──────────────────────── │  where a process made init and has ended
///    │ ◄─────────── process + pidfd ─────────────── │  the container runs
///    │ ◄─────────── failed(problem) ─────────────── │  instead: nothing is left of it
///    │ ◄─────────── warning(text) ───────────────── │  later: its steps could not be recorded
///    │ ◄─────────── end of the stream ───────────── │  it is done, and ends
/// ```
struct ContainerStart: ~Copyable {
    private let starter: ChildProcess
    private let socket: OwnedFD
    private let teller: StepTeller?

    /// What becomes readable when the process that starts the container is done.
    var descriptor: CInt { socket.rawValue }

    /// What the monitor gets of a container that runs.
    struct Outcome: ~Copyable {
        /// The program's first process, a child of the monitor.
        let process: ChildProcess
        /// The other side of its terminal, if it has one.
        var terminal: OwnedFD?
        /// Where it says that it is ready, if anybody wants to know.
        var notifySocket: OwnedFD?
    }

    /// Begins to create and start the container.
    ///
    /// - Parameters:
    ///   - configuration: what the engine tells the monitor.
    ///   - streams: the program's streams; with a terminal it gets its own.
    ///   - host: the mount namespace that shared bind mounts are peers in.
    ///   - network: the container's network, which is set up.
    ///   - userNamespace: the container's, where it has one of its own.
    ///   - steps: where the steps of a start go, in the place of those of the one before.
    ///   - teller: what tells of them as they are made; nil where nobody looks.
    ///   - descriptors: those of the monitor that the program gets under their own numbers.
    /// - Returns: the start under way; it never returns in the new process.
    /// - Throws: when the kernel makes no process.
    static func begin(
        _ configuration: MonitorConfiguration, streams: StandardStreams?,
        sharingWith host: FilePath, on network: ContainerNetwork?,
        in userNamespace: KeptUserNamespace?, noting steps: StepFile, telling teller: StepTeller?,
        passing descriptors: [CInt]
    ) throws(Problem) -> ContainerStart {
        let what = "cannot start the container"
        let pair = try explaining(what) { () throws(SystemCallError) in try SocketPair(.packets) }
        let lock = try explaining(what) { () throws(SystemCallError) in
            try FileLock(directory: FilePath(configuration.bundle))
        }
        let monitor = getpid()
        switch try explaining(
            what, { () throws(SystemCallError) in try Linux.clone([], intoCgroup: nil) })
        {
        case .parent(let starter):
            _ = consume lock
            return ContainerStart(
                starter: starter, socket: pair.split { first, _ in first }, teller: teller)
        case .child:
            let socket = pair.split { _, second in second }
            Starter(
                configuration: configuration, streams: streams, host: host, network: network,
                userNamespace: userNamespace, steps: steps, teller: teller,
                descriptors: descriptors, monitor: monitor
            ).run(telling: socket, holding: lock)
        }
    }

    /// Waits until the container runs.
    ///
    /// - Parameter arrivals: what is held of layers that have not arrived.
    /// - Returns: what the monitor gets of it.
    /// - Throws: what kept the program from starting; the container may be there still.
    borrowing func outcome(whileArriving arrivals: ArrivalHolds?) throws(Problem) -> Outcome {
        var terminal: OwnedFD?
        var notifySocket: OwnedFD?
        while true {
            try arrivals?.wait(for: socket)
            try waitWhileWatched()
            var message = try explaining("cannot hear how the container starts") {
                () throws(SystemCallError) in
                try socket.receiveMessage(upToBytes: HandshakeMessage.maximumSizeInBytes)
            }
            switch HandshakeMessage(decoding: message.bytes) {
            case .console?: terminal = message.descriptor.take()
            case .notifySocket?: notifySocket = message.descriptor.take()
            case .failed(_, let problem)?: throw problem
            case .process(let id)?:
                guard let descriptor = message.descriptor.take() else { throw Self.lost }
                return Outcome(
                    process: ChildProcess(id: id, descriptor: descriptor), terminal: terminal,
                    notifySocket: notifySocket)
            case .helper(let id)?:
                try explaining("cannot reap process \(id)") { () throws(SystemCallError) in
                    _ = try ChildProcess(opening: id).wait()
                }
            case .reached?, .warning?, .seccompListener?, nil: throw Self.lost
            }
        }
    }

    /// Waits for the next message; where someone watches the start, it ends with who does.
    private borrowing func waitWhileWatched() throws(Problem) {
        guard let teller else { return }
        do throws(Problem) {
            try teller.wait(for: socket)
        } catch {
            try explaining("cannot end the start of the container") {
                () throws(SystemCallError) in
                try starter.send(.kill)
                _ = try starter.wait()
            }
            throw error
        }
    }

    /// Waits until the process that started the container has recorded the steps, and has ended; to be
    /// called after ``outcome(whileArriving:)``.
    ///
    /// - Returns: why the steps are not recorded; nil when they are, or nobody wants them.
    consuming func finish() throws(Problem) -> String? {
        let problem = try waitForRecord()
        let status = try explaining("cannot reap the process that started the container") {
            () throws(SystemCallError) in try starter.wait()
        }
        if let problem { return problem }
        guard status != .exited(0) else { return nil }
        return "the process that started the container was killed before its steps were recorded"
    }

    /// - Returns: what the process says of its record; nil when it says nothing.
    private borrowing func waitForRecord() throws(Problem) -> String? {
        let message = try explaining("cannot hear whether the steps are recorded") {
            () throws(SystemCallError) in
            try socket.receiveMessage(upToBytes: HandshakeMessage.maximumSizeInBytes)
        }
        guard case .warning(_, let text)? = HandshakeMessage(decoding: message.bytes) else {
            return nil  // its end of the socket is closed
        }
        return text
    }

    private static var lost: Problem {
        Problem(
            kind: .unavailable, what: "cannot start the container",
            why: "the process that starts it has ended, or was killed",
            fix: "look at the kernel's log, and start the container again")
    }
}

/// What the process does that starts the container.
private struct Starter {
    let configuration: MonitorConfiguration
    let streams: StandardStreams?
    let host: FilePath
    let network: ContainerNetwork?
    let userNamespace: KeptUserNamespace?
    let steps: StepFile
    let teller: StepTeller?
    let descriptors: [CInt]
    /// The monitor's process.
    let monitor: pid_t

    /// Creates and starts the container, and tells the monitor how that went.
    func run(telling socket: consuming OwnedFD, holding lock: consuming FileLock) -> Never {
        do throws(Problem) {
            try explaining("cannot tie the start of the container to its monitor") {
                () throws(SystemCallError) in try setParentDeathSignal(.kill)
            }
            // One that was killed before that sends no signal.
            guard getppid() == monitor else { _exit(0) }
            try start(telling: socket)
        } catch {
            // A monitor that is gone has killed this process.
            _ = try? socket.send(HandshakeMessage.failed(step: -1, error).encoded)
        }
        // The monitor waits for that before it tells that the container runs.
        _ = consume socket
        // What init and its helpers have inherited of it would keep it for a while. Where the
        // kernel refuses, it is free at their end.
        try? lock.free()
        _exit(0)
    }

    private func start(telling monitor: borrowing OwnedFD) throws(Problem) {
        var steps = steps
        if configuration.recordsSteps { steps.note(network?.takeSteps() ?? []) }
        let request = try request(noting: steps)
        var container = try Create.run(request)
        do throws(Problem) {
            if let directory = request.notifyDirectory { try listen(in: directory, monitor) }
            try container.start()
        } catch {
            // The start's own problem is what counts.
            _ = record(container.stepRecords(), in: steps)
            throw container.takeBack(after: error)
        }
        do throws(SystemCallError) {
            if let terminal = container.consoleMaster.take() {
                try monitor.send(
                    HandshakeMessage.console.encoded, descriptors: [terminal.rawValue])
            }
            if let helper = container.helperProcessID {
                try monitor.send(HandshakeMessage.helper(id: helper).encoded)
            }
            try monitor.send(
                HandshakeMessage.process(id: container.process.id).encoded,
                descriptors: [container.process.descriptor.rawValue])
        } catch {
            throw container.takeBack(
                after: Problem(what: "cannot hand the container to its monitor", refusal: error))
        }
        // Texts are made only now: the monitor is at work already, and so is the program.
        guard let problem = record(container.stepRecords(), in: steps) else { return }
        // A monitor that is gone has killed this process.
        _ = try? monitor.send(HandshakeMessage.warning(step: -1, text: "\(problem)").encoded)
    }

    /// Makes the socket that the program reports to, and gives it to the monitor.
    private func listen(
        in directory: FilePath, _ monitor: borrowing OwnedFD
    ) throws(Problem) {
        let receiver = try NotifySocket.receiver(in: directory)
        try explaining("cannot hand the socket \(directory) to the monitor") {
            () throws(SystemCallError) in
            try monitor.send(
                HandshakeMessage.notifySocket.encoded, descriptors: [receiver.rawValue])
        }
    }

    private func request(noting steps: StepFile) throws(Problem) -> Create.Request {
        let root = RuntimeRoot(path: FilePath(configuration.runtimeRoot))
        let notifyDirectory =
            configuration.notification == .container
            ? NotifySocket.directory(for: configuration.id, in: root) : nil
        var bundle = try Bundle.load(FilePath(configuration.bundle))
        if let userNamespace { bundle = bundle.joining(.user, userNamespace.path) }
        if let path = network?.path { bundle = bundle.joining(.network, path) }
        if let notifyDirectory { bundle = bundle.reporting(in: notifyDirectory) }
        var request = Create.Request(
            id: configuration.id, bundle: bundle, root: root, isStartedElsewhere: false)
        request.keptDescriptors = descriptors
        request.notifyDirectory = notifyDirectory
        request.recordsSteps = configuration.recordsSteps
        if configuration.recordsSteps {
            request.failedSteps = steps
            request.stepTeller = teller
        }
        request.sharingNamespace = host
        request.endsWithRuntime = true
        request.leavesInitToParent = true
        // Its socket has to be there before the program is.
        request.startsAtOnce = notifyDirectory == nil
        if let streams { request.streams = streams }
        return request
    }

    /// Writes steps, where that is wanted.
    ///
    /// - Returns: why that failed.
    private func record(_ records: [StepRecord], in steps: StepFile) -> Problem? {
        guard configuration.recordsSteps else { return nil }
        do throws(SystemCallError) {
            try steps.write(records)
            return nil
        } catch {
            return .unrecorded(in: steps.path, error)
        }
    }
}

extension Problem {
    /// Steps cannot be written into their file.
    static func unrecorded(in file: FilePath, _ refusal: SystemCallError) -> Problem {
        Problem(what: "cannot record the steps in \(file)", refusal: refusal)
    }
}

extension Bundle {
    /// The bundle of a container whose program says that it is ready.
    fileprivate func reporting(in directory: FilePath) -> Bundle {
        var spec = self.spec
        NotifySocket.prepare(&spec, directory)
        return Bundle(path: self.path, spec: spec, configuration: configuration)
    }

    /// The bundle of a container that joins a namespace, in the place of making one.
    fileprivate func joining(_ kind: RuntimeSpec.Namespace.Kind, _ path: FilePath) -> Bundle {
        guard var linux = self.spec.linux else { return self }
        var spec = self.spec
        for index in linux.namespaces.indices where linux.namespaces[index].type == kind {
            linux.namespaces[index].path = path.string
        }
        spec.linux = linux
        return Bundle(path: self.path, spec: spec, configuration: configuration)
    }
}
