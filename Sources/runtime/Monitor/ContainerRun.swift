import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

/// One run of the container's program, with the monitor's ends of its streams.
final class ContainerRun {
    /// The program's first process, a child of this one.
    let process: ChildProcess
    /// When the kernel made it, in ticks since boot.
    let startTime: UInt64
    /// The monitor's ends of the program's streams.
    let streams: MonitorStreams
    /// Where the program says that it is ready; nil where nobody wants to hear it.
    let notifySocket: NotifySocket?
    /// When the program began, on the monotonic clock.
    let startInMilliseconds = Int64(monotonicNanoseconds() / 1_000_000)
    private var start: ContainerStart?
    /// Where the kernel's log was before the run; nil where it may not be read.
    private let logPlace: KernelLog.Place?

    private init(
        _ start: consuming ContainerStart, streams pipes: MonitorStreams?,
        whileArriving arrivals: ArrivalHolds?, since logPlace: consuming KernelLog.Place?
    ) throws(Problem) {
        self.logPlace = logPlace
        var outcome = try start.outcome(whileArriving: arrivals)
        let id = outcome.process.id
        startTime = try explaining("cannot ask about process \(id)") {
            // Also of one that has ended already: it waits for this process.
            () throws(SystemCallError) in try ProcessStatus(of: id)?.startTime ?? 0
        }
        streams =
            if let pipes { pipes } else { try MonitorStreams(terminal: outcome.terminal.take()) }
        notifySocket =
            switch outcome.notifySocket.take() {
            case .some(let socket): try NotifySocket(receiver: socket)
            case .none: nil
            }
        process = outcome.process
        self.start = consume start
    }

    /// Creates and starts the container.
    ///
    /// - Parameters:
    ///   - configuration: what the engine tells the monitor.
    ///   - host: the mount namespace that shared bind mounts are peers in.
    ///   - network: the container's network, which is set up.
    ///   - userNamespace: the container's, where it has one of its own.
    ///   - arrivals: what is held of layers that have not arrived; the program may wait for one.
    ///   - steps: where the steps go, in the place of those of the run before.
    ///   - teller: what tells of them as they are made; nil where nobody looks.
    ///   - descriptors: those of the monitor that the program gets under their own numbers.
    /// - Returns: the run, whose program has started.
    /// - Throws: what kept the program from starting; the container may be there still.
    static func begin(
        _ configuration: MonitorConfiguration, sharingWith host: FilePath,
        on network: ContainerNetwork?, in userNamespace: KeptUserNamespace?,
        whileArriving arrivals: ArrivalHolds?, noting steps: StepFile, telling teller: StepTeller?,
        passing descriptors: [CInt]
    ) throws(Problem) -> ContainerRun {
        // Who may not read it has a container all the same.
        let logPlace = try? KernelLog.Place()
        let pipes =
            configuration.hasTerminal
            ? nil : try MonitorStreams(hasInput: configuration.isInputOpen)
        let start = try ContainerStart.begin(
            configuration, streams: pipes?.ofProgram, sharingWith: host, on: network,
            in: userNamespace, noting: steps, telling: teller, passing: descriptors)
        _ = network?.takeSteps()  // the copy that starts the container notes them
        pipes?.closeProgramSide()
        return try ContainerRun(
            start, streams: pipes, whileArriving: arrivals, since: logPlace)
    }

    /// Takes what the kernel has written into its log since the run began; nil where that may not be
    /// read.
    func takeKernelMessages() -> [KernelLog.Message]? {
        // It adds to what is known of the end; without it that is less.
        try? logPlace?.takeMessages()
    }

    /// Writes the program's pid where the user wants it.
    func writePid(to file: FilePath) throws(Problem) {
        try explaining("cannot write the pid file \(file)") { () throws(SystemCallError) in
            try File.create(
                file, content: Array("\(process.id)".utf8),
                permissions: FilePermissions(rawValue: 0o644))
        }
    }

    /// What becomes readable when the process that started the container is done; nil once
    /// ``finishStart()`` was called.
    var startDescriptor: CInt? {
        switch start {
        case .none: nil
        case .some(let start): start.descriptor
        }
    }

    /// Waits for the end of the process that started the container; nobody else needs to.
    ///
    /// - Returns: why the steps of the start could not be recorded; that is no reason not to run.
    /// - Throws: when the kernel refuses to hear it.
    func finishStart() throws(Problem) -> String? {
        guard let start = start.take() else { return nil }
        return try start.finish()
    }
}
