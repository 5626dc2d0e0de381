import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// Monitors that start while their container is still being made: two processors work at once.
///
/// Such a monitor waits for its client's first message before it looks at the bundle. It ends when
/// the session is let go without one.
extension EngineContext {
    /// The monitor that was started early for a container, or one that is started now.
    func waitingMonitor(of record: ContainerRecord) throws(Problem) -> ContainerSession {
        var early = takeEarlyMonitor(of: record.id)
        if let session = early.take() { return session }
        try checkDescriptors(of: record)
        return try startMonitor(of: record.id, record.request)
    }

    /// Starts a container's monitor, which waits for the message that the bundle is complete.
    ///
    /// Meanwhile it makes the container's network namespace, where it will need one that no other
    /// user namespace than its own shall own.
    func startMonitor(
        of id: String, _ request: ContainerRequest
    ) throws(Problem) -> ContainerSession {
        let what = "cannot make a socket for the monitor"
        let pair = try explaining(what) { () throws(SystemCallError) in try SocketPair(.packets) }
        let monitorEnd = try explaining(what) {
            () throws(SystemCallError) in try pair.second.duplicate()
        }
        let bridges = try usesUserBridges(request) ? UserBridges.make(configuration) : nil
        var kept: [CInt] = []
        var place: FileStatus.Identity?
        switch bridges {
        case .some(let bridges):
            kept = [bridges.namespace.rawValue, bridges.use.rawValue]
            place = try bridges.identity()
        case .none: break
        }
        let passed = request.process.descriptors
        var descriptors = [CInt](repeating: -1, count: Self.clientNumber(request))
        for number in passed { descriptors[Int(number)] = number }
        // Nobody waits for it: it outlives this program, or ends with it as a zombie at worst.
        _ = try SpawnedProgram(
            configuration.runtimeProgram, arguments: monitorCommand(of: id, request),
            environment: configuration.helperEnvironment,
            descriptors: descriptors + [monitorEnd.rawValue] + kept, hasOwnSession: true)
        withExtendedLifetime(bridges) {}  // their numbers are given, not they
        return ContainerSession(
            containerID: id, socket: pair.split { first, _ in first }, bridges: place)
    }

    /// The monitor that waits, or another one where bridges have been made anew since it was
    /// started, because the process that kept them was killed: it would look for the container's in
    /// vain.
    func monitor(
        _ waiting: consuming ContainerSession, withBridgesOf record: ContainerRecord,
        recording steps: inout StepRecorder
    ) throws(Problem) -> ContainerSession {
        guard waiting.bridges != nil else { return waiting }
        var session = waiting
        while let place = try UserBridges.find(configuration)?.identity(),
            place != session.bridges
        {
            session = try startMonitor(of: record.id, record.request)
            try prepareHost(for: endpoints(of: record).map(\.network), recording: &steps)
        }
        return session
    }

    /// The command line of a container's monitor.
    func monitorCommand(
        of id: String, _ request: ContainerRequest
    ) throws(Problem) -> [String] {
        try [
            configuration.runtimeProgram.string, "monitor", "--container",
            configuration.bundle(of: id).directory.string, "--client-fd",
            "\(Self.clientNumber(request))",
        ] + (request.hasOwnNetwork && !request.namespaces.mayHaveOwnUsers ? ["--network"] : [])
            + (usesUserBridges(request) ? ["--bridges", "\(Self.clientNumber(request) + 1)"] : [])
            + (request.process.descriptors.isEmpty
                ? []
                : [
                    "--preserve-fds",
                    request.process.descriptors.map { "\($0)" }.joined(separator: ","),
                ])
    }

    /// The number of the client's socket in the monitor: the first one that the program does not get.
    private static func clientNumber(_ request: ContainerRequest) -> Int {
        Int(request.process.descriptors.max() ?? 2) + 1
    }

    /// Refuses to start a container whose program has descriptors of another command.
    func checkDescriptors(of record: ContainerRecord) throws(Problem) {
        guard !record.request.process.descriptors.isEmpty else { return }
        throw Problem(
            kind: .conflict, what: "cannot start container \(record.name)",
            why: "its program has descriptors of the command that made it (--preserve-fds, or"
                + " LISTEN_FDS), and that is gone",
            fix: "make it anew: kade run --replace --name \(record.name) …")
    }

    /// Whether a container is on bridges of an ordinary user's.
    func usesUserBridges(_ request: ContainerRequest) throws(Problem) -> Bool {
        guard !(request.network.attachments ?? []).isEmpty else { return false }
        return try isRootless()
    }
}
