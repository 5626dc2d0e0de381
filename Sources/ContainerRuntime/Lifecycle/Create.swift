package import Diagnostics
import Glibc
import Linux
import OCI
package import SystemPackage

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
        /// Whether systemd makes the container's cgroup, as a transient unit.
        package var usesSystemd = false
        /// Whether a container without limits may do without a cgroup; nil where that depends on the
        /// caller's rights.
        package var mayLackCgroup: Bool?
        package var makesKeyring = true
        package var preservedDescriptors = 0
        /// Other descriptors that the program inherits under their own numbers.
        package var keptDescriptors: [CInt] = []
        /// The mount namespace whose mounts a shared bind mount stays a peer of; nil where it is
        /// this process's own.
        package var sharingNamespace: FilePath?
        /// Whether the program is killed when the process is that init is a child of.
        package var endsWithRuntime = false
        /// Whether init becomes a sibling of this process, whose parent waits for init's end.
        package var leavesInitToParent = false
        /// The directory, below the container's own, of the socket to which the program says that
        /// it is ready.
        package var notifyDirectory: FilePath?
        /// Whether nothing is left to do for the caller between creation and start, so that init
        /// need not wait for it.
        package var startsAtOnce = false
        /// Whether each step's time is recorded.
        package var recordsSteps = false
        /// Where the steps of a creation that fails are written; nil where nobody keeps them.
        package var failedSteps: StepFile?
        /// What tells of each step as it is made; only where they are recorded.
        package var stepTeller: StepTeller?

        package init(id: String, bundle: Bundle, root: RuntimeRoot, isStartedElsewhere: Bool) {
            self.id = id
            self.bundle = bundle
            self.root = root
            self.isStartedElsewhere = isStartedElsewhere
        }

        /// The plan of the container; nothing is made.
        package func plan() throws(Problem) -> ContainerPlan {
            try plan(fromBareMounts: false)
        }

        /// Plans the container.
        ///
        /// - Parameter isBare: whether init begins from an empty mount namespace.
        /// - Returns: the plan.
        /// - Throws: what ``plan()`` throws.
        fileprivate func plan(fromBareMounts isBare: Bool) throws(Problem) -> ContainerPlan {
            try RuntimeRoot.check(id)
            var host = try HostFacts.probe(for: bundle.spec, process: bundle.spec.process)
            host.mayLackCgroup = mayLackCgroup
            if usesSystemd { host.systemd = try .probe(isOfUser: !host.isPrivileged) }
            var options = options
            options.leavesHostMounts = isBare
            return try ContainerPlan(
                spec: bundle.spec, bundle: bundle.path, host: host, options: options)
        }

        private var options: PlanOptions {
            var options = PlanOptions(
                containerID: id,
                start: isStartedElsewhere
                    ? .fifo(root.path.appending(id).appending("exec.fifo")) : .handshake,
                streams: streams, usesPivotRoot: usesPivotRoot, makesKeyring: makesKeyring,
                preservedDescriptors: preservedDescriptors, sharingNamespace: sharingNamespace,
                endsWithRuntime: endsWithRuntime)
            options.notifyDirectory = notifyDirectory
            options.keptDescriptors = keptDescriptors
            return options
        }
    }

    /// Creates the container.
    ///
    /// - Returns: the container, whose init waits for the start.
    /// - Throws: after everything that was made is gone again.
    package static func run(_ request: Request) throws(Problem) -> CreatedContainer {
        // Only a start takes a process (runtime-spec, config.md § Process).
        let isWithoutProcess = if case nil = request.bundle.spec.process { true } else { false }
        if isWithoutProcess, !request.isStartedElsewhere {
            throw Problem(
                kind: .invalid, what: "cannot run container \(request.id)",
                why: "config.json has no process", fix: "set process")
        }
        let bareNamespace = BareMountNamespace.openIfUseful(for: request)
        let plan = try request.plan(fromBareMounts: bareNamespace != nil)
        let directory = try request.root.claim(request.id)
        var creation = Creation(
            request: request, plan: plan, directory: directory, bareNamespace: bareNamespace)
        do throws(Problem) {
            try creation.make()
        } catch {
            creation.record(error)
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
    /// Whether init may execute the program as soon as it is ready.
    private var isStarted = false

    init(
        request: Create.Request, plan: ContainerPlan, directory: ContainerDirectory,
        bareNamespace: consuming OwnedFD?
    ) {
        self.request = request
        self.plan = plan
        self.directory = directory
        let bundle = request.bundle
        context = SetupContext(
            containerID: request.id, bundle: bundle.path, rootfs: bundle.rootfs)
        context.leavesInitToParent = request.leavesInitToParent
        context.bareNamespace = bareNamespace
        context.stepTeller = request.stepTeller
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
        state.cgroupPath = context.cgroup?.path
        state.rootfsMount = context.hostRootfs?.mount
        state.unit = context.scope.map { RuntimeState.Unit(name: $0.unit, isOfUser: $0.isOfUser) }
        state.resourceControlDirectories = context.resourceControlDirectories
        try directory.save(state, configuration: request.bundle.configuration)
        hasRunHooks = true
        if request.startsAtOnce, plan.steps(in: .hooks).count == 1 {
            isStarted = try context.reach(.started)
        }
        try plan.run(.hooks, in: &context, journal: journal)
    }

    private mutating func makeInit() throws(Problem) {
        var ends = try HandshakeEnds()
        var namespaces = NamespaceSetup(request.bundle.spec.linux?.namespaces ?? [])
        if plan.leavesHostMounts { namespaces.cloned.remove(.newMount) }
        namespaces.canReturn = plan.canReturn
        context.handshake = ends.initProcess.take()
        switch try namespaces.clone(intoCgroup: context.cgroupDirectory, in: context) {
        case .child:
            ends.runtime = nil
            InitProcess.run(
                plan, in: &context, journal: journal, process: request.bundle.spec.process)
        case .parent(let child):
            context.handshake = ends.runtime.take()
            guard !namespaces.takesDetour else {
                return try keep(context.initMade(by: child))
            }
            try keep(child)
        }
    }

    private mutating func keep(_ made: consuming ChildProcess) throws(Problem) {
        let id = made.id
        context.adopt(id)
        state.initProcessID = id
        state.initStartTime = try explaining("cannot ask about process \(id)") {
            () throws(SystemCallError) in try processStartTime(id)
        }
        process = consume made
    }

    /// Keeps what was done until the failure, where that is wanted.
    borrowing func record(_ failure: Problem) {
        guard let file = request.failedSteps else { return }
        let warnings = Dictionary(
            context.warnings.map { ($0.step, $0.text) }, uniquingKeysWith: { "\($0); \($1)" })
        let records: [StepRecord] =
            switch journal {
            case .none: []
            case .some(let journal):
                journal.stepRecords(
                    of: plan, warnings: warnings,
                    failure: (context.failedStep ?? -1, failure.why))
            }
        // Best effort: the failure itself is what counts.
        try? file.write(records)
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
            directory: directory, state: state, plan: plan, bundle: request.bundle,
            context: context, journal: journal, isStarted: isStarted)
    }
}
