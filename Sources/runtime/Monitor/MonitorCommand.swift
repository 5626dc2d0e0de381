import ContainerRuntime
import Diagnostics
import Linux
import Networking
import OCI
import SystemPackage

/// `kade-runtime monitor`: runs a container of the engine and watches over it to its end.
///
/// ```
/// kade-runtime monitor --container DIRECTORY [--client-fd NUMBER] [--network]
///                      [--bridges NUMBER] [--preserve-fds NUMBER,...]
/// ```
///
/// The directory is the bundle, with `monitor.json`. The descriptor is a connected SOCK_SEQPACKET
/// socket whose other end is the first client's. `--bridges` names the first one of
/// ``BridgesDescriptors``, which stay open for the monitor's life.
enum MonitorCommand {
    /// Watches over the container to its end.
    ///
    /// - Parameters:
    ///   - directory: the bundle.
    ///   - firstClient: the socket of a client that is connected already.
    ///   - passed: what the program gets beside its standard streams.
    ///   - hasNetwork: whether the container will need a network namespace, to be made meanwhile.
    ///   - bridges: the file of the network namespace of an ordinary user's bridges; nil without.
    /// - Throws: what went wrong before anyone could be told.
    static func run(
        container directory: FilePath, firstClient: CInt?, passing passed: PassedDescriptors,
        hasNetwork: Bool, bridges: FilePath?
    ) throws(Problem) {
        let client = firstClient.map { Client(socket: OwnedFD(adopting: $0)) }
        let monitor: Monitor
        do throws(Problem) {
            try detach()
            let sandbox =
                hasNetwork ? try NetworkSandbox(ownedBy: nil, bridgesIn: bridges) : nil
            // The client may still be at work on the bundle; when it gives up, it hangs up.
            if let client, try !client.hasSpoken() { return }
            monitor = try prepare(directory, client, sandbox, passed, bridges)
        } catch {
            // Nobody else hears of it: there is no socket yet.
            _ = client?.send(.problem(json: error.json))
            // A socket that is closed with something unread takes along what was sent.
            client?.readAll()
            throw error
        }
        try watch(with: monitor)
        let command = monitor.configuration.exitCommand
        let isRemoved = command.isEmpty || monitor.isRemovedByClient
        guard monitor.isRemovedByClient, monitor.hasEnded else {
            try monitor.close()
            if !isRemoved { try become(command) }
            return
        }
        try monitor.waitForRemoval()
        try delete(RemovedBundle.path(of: directory))
        // A client that died on the way has not kept its promise.
        if !command.isEmpty, File.exists(directory) { try become(command) }
    }

    /// Deletes the files of a container that its client has removed.
    private static func delete(_ bundle: FilePath) throws(Problem) {
        try explaining("cannot remove \(bundle)") { () throws(SystemCallError) in
            try Directory.removeTree(bundle)
        }
    }

    private static func prepare(
        _ directory: FilePath, _ client: Client?, _ sandbox: NetworkSandbox?,
        _ passed: PassedDescriptors, _ bridges: FilePath?
    ) throws(Problem) -> Monitor {
        let configuration = try MonitorConfiguration.load(fromBundle: directory)
        let namespace = try configuration.userNamespace.map { wanted throws(Problem) in
            try KeptUserNamespace(wanted)
        }
        return try Monitor(
            configuration,
            ContainerNetwork(
                bundle: directory, sandbox, ownedBy: namespace?.path, bridgesIn: bridges),
            namespace, passed, firstClient: client)
    }

    private static func watch(with monitor: Monitor) throws(Problem) {
        let rootfs = try MonitorRootfs()
        var steps = MonitorSteps(telling: monitor.stepTeller?.hear)
        do throws(Problem) {
            let arrivals = try ArrivalHolds(monitor.configuration)
            try rootfs.mount(
                monitor.configuration, arrivals, for: monitor.userNamespace, noting: &steps)
            try monitor.watch(arrivals)
            let sources = SourceMounts(
                monitor.configuration.sources, inBundle: FilePath(monitor.configuration.bundle),
                for: monitor.userNamespace)
            let explanations = sources.explanations
            try sources.make { number, body throws(Problem) in
                try steps.perform(explanations[number], body)
            }
            monitor.note(steps)
        } catch {
            monitor.note(steps)
            monitor.recordFailure()
            // Whoever removes the container then must not find in its bundle what was mounted there.
            try rootfs.leave()
            return try monitor.fail(error)
        }
        try monitor.watch(sharingWith: rootfs.hostNamespacePath)
        try rootfs.leave()
    }

    /// Leaves the session and the files of the command that started the monitor.
    private static func detach() throws(Problem) {
        try explaining("cannot detach the monitor") { () throws(SystemCallError) in
            do throws(SystemCallError) {
                try startSession()
            } catch  where error.errno == .notPermitted {
                // whoever started the monitor has given it a session
            }
            try WorkingDirectory.change(to: "/")
            let null = try OwnedFD.open("/dev/null", .readWrite)
            for number: CInt in 0...2 { try null.place(at: number) }
            try closeOnExecute(from: 3)
        }
    }

    /// Executes the command that removes the container.
    private static func become(_ command: [String]) throws(Problem) {
        let search = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let program = Program(arguments: command, environment: [search])
        let what = "cannot run \(command[0]) to remove the container"
        try explaining(what) { () throws(SystemCallError) in _ = try setSignalMask(0) }
        throw Problem(what: what, refusal: program.execute(at: FilePath(command[0])))
    }
}

extension MonitorConfiguration {
    /// Reads the `monitor.json` of a bundle.
    static func load(fromBundle directory: FilePath) throws(Problem) -> MonitorConfiguration {
        let file = directory.appending("monitor.json")
        let bytes = try explaining("cannot read \(file)") { () throws(SystemCallError) in
            try File.read(file)
        }
        return try MonitorConfiguration(json: bytes, named: file.string)
    }
}
