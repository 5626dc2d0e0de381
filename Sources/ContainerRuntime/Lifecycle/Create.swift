package import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Makes a container from a bundle, up to the point where only the start is missing: `create`.
package enum Create {
    /// What the caller wants.
    package struct Request: Sendable {
        package var id: String
        package var bundle: Bundle
        package var root: RuntimeRoot
        /// Whether another process starts the container, through `exec.fifo`.
        package var isStartedElsewhere: Bool
        package var streams: StandardStreams = .inherited
        package var usesPivotRoot = true
        package var makesKeyring = true
        package var preservedDescriptors = 0
        /// Whether each step's time is recorded.
        package var recordsSteps = false

        package init(id: String, bundle: Bundle, root: RuntimeRoot, isStartedElsewhere: Bool) {
            self.id = id
            self.bundle = bundle
            self.root = root
            self.isStartedElsewhere = isStartedElsewhere
        }

        /// The plan of the container; nothing is made.
        package func plan() throws(Problem) -> ContainerPlan {
            try RuntimeRoot.check(id)
            return try ContainerPlan(
                spec: bundle.spec, bundle: bundle.path, host: try .probe(for: bundle.spec),
                options: options)
        }

        private var options: PlanOptions {
            PlanOptions(
                containerID: id,
                start: isStartedElsewhere
                    ? .fifo(root.path.appending(id).appending("exec.fifo")) : .handshake,
                streams: streams, usesPivotRoot: usesPivotRoot, makesKeyring: makesKeyring,
                preservedDescriptors: preservedDescriptors)
        }
    }

    /// Creates the container.
    ///
    /// - Returns: the container, whose init waits for the start.
    /// - Throws: after everything that was made is gone again.
    package static func run(_ request: Request) throws(Problem) -> CreatedContainer {
        guard request.bundle.spec.process != nil else {
            throw Problem(
                kind: .invalid, what: "cannot create container \(request.id)",
                why: "config.json has no process", fix: "set process")
        }
        let plan = try request.plan()
        let directory = try request.root.claim(request.id)
        var creation = Creation(request: request, plan: plan, directory: directory)
        do throws(Problem) {
            try creation.make()
        } catch {
            throw creation.takeBack(after: error)
        }
        return creation.finish()
    }
}

/// A creation under way.
struct Creation: ~Copyable {
    private let request: Create.Request
    private let plan: ContainerPlan
    private let directory: ContainerDirectory
    private var context: SetupContext
    private var journal: StepJournal?
    private var state: RuntimeState
    private var process: ChildProcess?
    private var hasRunHooks = false

    init(request: Create.Request, plan: ContainerPlan, directory: ContainerDirectory) {
        self.request = request
        self.plan = plan
        self.directory = directory
        let bundle = request.bundle
        context = SetupContext(
            containerID: request.id, bundle: bundle.path, rootfs: bundle.rootfs)
        context.undo("remove \(directory.path)") { () throws(Problem) in try directory.remove() }
        state = RuntimeState(
            ociVersion: bundle.spec.ociVersion, id: request.id, bundle: bundle.path.string,
            rootfs: bundle.rootfs.string, created: currentTimestamp(), owner: getuid(),
            annotations: bundle.spec.annotations)
    }

    /// Runs the plan up to the rendezvous `ready`.
    mutating func make() throws(Problem) {
        guard File.exists(request.bundle.rootfs) else {
            throw Problem(
                kind: .notFound, what: "cannot create container \(request.id)",
                why: "invalid rootfs: stat \(request.bundle.rootfs): no such file or directory",
                fix: "correct root.path in config.json")
        }
        if request.recordsSteps { journal = try StepJournal(capacity: plan.steps.count) }
        try plan.run(.prepare, in: &context, journal: journal)
        try makeInit()
        try plan.run(.attend, in: &context, journal: journal)
        // Beside init, which mounts: what later commands need to know.
        try directory.saveConfiguration(request.bundle.configuration)
        state.cgroupPath = context.cgroup?.path
        try directory.save(state)
        hasRunHooks = true
        try plan.run(.hooks, in: &context, journal: journal)
    }

    private mutating func makeInit() throws(Problem) {
        let pair = try explaining("cannot reach the container's first process") {
            () throws(SystemCallError) in try SocketPair(.packets)
        }
        var ends = pair.split { HandshakeEnds(runtime: $0, initProcess: $1) }
        let namespaces = NamespaceSetup(request.bundle.spec.linux?.namespaces ?? [])
        context.handshake = ends.initProcess.take()
        switch try namespaces.clone(intoCgroup: context.cgroupDirectory, in: context) {
        case .child:
            ends.runtime = nil
            InitProcess.run(plan, in: &context, journal: journal, spec: request.bundle.spec)
        case .parent(let child):
            context.handshake = ends.runtime.take()
            try adopt(child, isDetour: namespaces.joinedUser != nil)
        }
    }

    /// Takes note of init, or of the process that makes it.
    private mutating func adopt(
        _ child: consuming ChildProcess, isDetour: Bool
    ) throws(Problem) {
        guard !isDetour else { return try keep(initMade(by: child)) }
        try keep(child)
    }

    private mutating func keep(_ made: consuming ChildProcess) throws(Problem) {
        let id = made.id
        context.initProcessID = id
        context.undo("end process \(id)") { () throws(Problem) in
            try explaining("cannot end process \(id)") { () throws(SystemCallError) in
                try killAndReap(child: id)
            }
        }
        state.initProcessID = id
        state.initStartTime = try explaining("cannot ask about process \(id)") {
            () throws(SystemCallError) in try processStartTime(id)
        }
        process = consume made
    }

    /// Hears from the process in between which process is init.
    private mutating func initMade(
        by middle: consuming ChildProcess
    ) throws(Problem) -> ChildProcess {
        let message = try context.receive()
        try explaining("cannot reap the process that made init") {
            () throws(SystemCallError) in _ = try middle.wait()
        }
        switch message {
        case .process(let id)?:
            if let descriptor = context.initDescriptor.take() {
                return ChildProcess(id: id, descriptor: descriptor)
            }
            return try explaining("cannot hold process \(id)") { () throws(SystemCallError) in
                try ChildProcess(opening: id)
            }
        case .failed(_, let problem)?: throw problem
        default:
            throw Problem(
                kind: .unavailable, what: "cannot make the container's first process",
                why: "the process that joined the user namespace ended")
        }
    }

    /// Takes everything back after a failure.
    ///
    /// - Returns: the failure, with what could not be taken back.
    consuming func takeBack(after failure: Problem) -> Problem {
        var problem = failure
        var leftovers = context.undoAll()
        // runtime-spec, runtime.md § Lifecycle: a destroyed container gets its poststop hooks.
        if hasRunHooks { leftovers += runPoststopHooks(of: request.bundle.spec, state) }
        if !leftovers.isEmpty {
            let text = leftovers.map(\.description).joined(separator: "; ")
            problem.why += "; and not all could be taken back: \(text)"
        }
        return problem
    }

    consuming func finish() -> CreatedContainer {
        guard let process = process.take() else { preconditionFailure("no process was made") }
        return CreatedContainer(
            id: request.id, process: process, consoleMaster: context.consoleMaster.take(),
            directory: directory, state: state, plan: plan, spec: request.bundle.spec,
            context: context, journal: journal)
    }
}

/// The two ends of the handshake socket, until each is with its owner.
private struct HandshakeEnds: ~Copyable {
    var runtime: OwnedFD?
    var initProcess: OwnedFD?
}
