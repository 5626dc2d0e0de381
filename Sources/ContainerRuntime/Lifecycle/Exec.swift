package import Diagnostics
package import Linux
package import OCI
import SystemPackage

/// Runs one more program inside a container: `exec`.
package enum Exec {
    /// What the caller wants.
    package struct Request: Sendable {
        package var container: RecordedContainer
        /// The program; ``RecordedContainer/process`` is the container's own to start from.
        package var process: RuntimeSpec.Process
        package var streams: StandardStreams = .inherited
        package var preservedDescriptors = 0
        /// Other descriptors that the program inherits under their own numbers.
        package var keptDescriptors: [CInt] = []
        /// Whether a frozen container is entered all the same; the program runs when it thaws.
        package var ignoresPause = false
        /// Where below the container's cgroup the program runs.
        package var cgroup = ExecCgroup.containers

        package init(container: RecordedContainer, process: RuntimeSpec.Process) {
            self.container = container
            self.process = process
        }

        /// What ``Exec/run(_:)`` would do.
        ///
        /// - Throws: as ``Exec/run(_:)``, before it has done anything.
        package func plan() throws(Problem) -> ContainerPlan {
            guard let initProcess = try Kill.initProcess(of: container.state) else {
                throw Exec.stopped(container.state)
            }
            return try Exec.maker(for: self, initProcess.id).plan()
        }
    }

    /// Starts the program and waits until it is executed.
    package static func run(_ request: Request) throws(Problem) -> ExecutedProcess {
        let state = request.container.state
        guard let initProcess = try Kill.initProcess(of: state) else {
            throw stopped(state)
        }
        let maker = try maker(for: request, initProcess.id)
        var execution = Execution(
            plan: try maker.plan(), maker: maker,
            context: SetupContext(
                containerID: state.id, bundle: FilePath(state.bundle),
                rootfs: FilePath(state.rootfs)))
        do throws(Problem) {
            try execution.make(initProcess)
        } catch {
            let problem = execution.takeBack(after: error)
            // Whatever was missing, it was because the container ended meanwhile.
            if let _ = try Kill.initProcess(of: state) { throw problem }
            throw stopped(state, cause: problem)
        }
        return execution.finish()
    }

    private static func maker(
        for request: Request, _ initProcessID: CInt
    ) throws(Problem) -> ExecPlanMaker {
        try SpecValidation.check(request.process, field: "process")
        let state = request.container.state
        let host = try HostFacts.probe(for: request.container.spec, process: request.process)
        let cgroup = State.cgroup(of: state, on: host.cgroups)
        if !request.ignoresPause, try State.isPaused(state, cgroup) {
            throw Problem(
                kind: .conflict, what: "cannot exec in container \(state.id)",
                why: "cannot exec in a paused container", fix: "resume it, or use --ignore-paused")
        }
        return ExecPlanMaker(
            spec: request.container.spec, process: request.process, host: host,
            initProcessID: initProcessID,
            place: try ExecPlace(request.cgroup, of: state, cgroup, initProcessID: initProcessID),
            state: state, request: request)
    }

    private static func stopped(_ state: RuntimeState, cause: Problem? = nil) -> Problem {
        Problem(
            kind: .conflict, what: "cannot exec in container \(state.id)",
            why: "cannot exec in a stopped container", fix: "start it first", cause: cause)
    }
}

/// A program that runs in a container, as the process that started it holds it.
package struct ExecutedProcess: ~Copyable {
    /// The program, a child of this process.
    package let process: ChildProcess
    /// The other side of its terminal, if it has one.
    package var consoleMaster: OwnedFD?
    /// What it has to live without.
    package let warnings: [String]

    init(
        process: consuming ChildProcess, consoleMaster: consuming OwnedFD?, warnings: [String]
    ) {
        self.process = process
        self.consoleMaster = consoleMaster
        self.warnings = warnings
    }

    /// Ends the program after it could not be handed over.
    ///
    /// - Returns: the failure, with what could not be ended.
    package consuming func takeBack(after failure: Problem) -> Problem {
        var problem = failure
        do throws(SystemCallError) {
            try killAndReap(child: process.id)
        } catch {
            problem.why += "; and process \(process.id) could not be ended: \(error)"
        }
        return problem
    }
}

/// The start of a program under way.
private struct Execution: ~Copyable {
    private let plan: ContainerPlan
    private let maker: ExecPlanMaker
    private var context: SetupContext
    private var process: ChildProcess?

    init(plan: ContainerPlan, maker: ExecPlanMaker, context: consuming SetupContext) {
        self.plan = plan
        self.maker = maker
        self.context = context
    }

    mutating func make(_ target: borrowing ChildProcess) throws(Problem) {
        try plan.run(.prepare, in: &context, journal: nil)
        try makeProcess(target)
        try plan.run(.attend, in: &context, journal: nil)
        // The end of the stream is the program's execution.
        while let message = try context.receive() {
            switch message {
            case .failed(_, let problem): throw problem
            case .warning(let step, let text): context.warn(text, step: step)
            default: continue
            }
        }
    }

    private mutating func makeProcess(_ target: borrowing ChildProcess) throws(Problem) {
        var ends = try HandshakeEnds()
        context.handshake = ends.initProcess.take()
        // The program is born into the container's PID namespace, which has other numbers.
        let descriptor = target.descriptor.rawValue
        context.joinedProcess = try explaining("cannot hold the container's init") {
            () throws(SystemCallError) in try OwnedFD(duplicating: descriptor)
        }
        switch try maker.entry.clone(in: context) {
        case .child:
            ends.runtime = nil
            InitProcess.run(plan, in: &context, journal: nil, process: maker.process)
        case .parent(let child):
            context.handshake = ends.runtime.take()
            guard !maker.entry.needsDetour else { return try keep(context.initMade(by: child)) }
            try keep(child)
        }
    }

    private mutating func keep(_ child: consuming ChildProcess) throws(Problem) {
        context.adopt(child.id)
        process = consume child
    }

    consuming func takeBack(after failure: Problem) -> Problem {
        var problem = failure
        for leftover in context.undoAll() {
            problem.why += "; and not all could be taken back: \(leftover)"
        }
        return problem
    }

    consuming func finish() -> ExecutedProcess {
        guard let process = process.take() else { preconditionFailure("no process was made") }
        return ExecutedProcess(
            process: process, consoleMaster: context.consoleMaster.take(),
            warnings: context.warnings.map(\.text))
    }
}
