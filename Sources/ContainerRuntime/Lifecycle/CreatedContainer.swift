package import Diagnostics
package import Linux
import OCI

/// A container that is created, as the process that created it holds it.
package struct CreatedContainer: ~Copyable {
    package let id: String
    /// Init, a child of this process.
    package let process: ChildProcess
    /// The other side of the container's terminal, if it has one.
    package var consoleMaster: OwnedFD?
    /// What later commands find of it.
    package let directory: ContainerDirectory
    package private(set) var state: RuntimeState
    package let plan: ContainerPlan
    private let bundle: Bundle
    private var context: SetupContext
    private var journal: StepJournal?
    private let isStarted: Bool
    private var failure: (step: Int, why: String)?

    init(
        id: String, process: consuming ChildProcess, consoleMaster: consuming OwnedFD?,
        directory: ContainerDirectory, state: RuntimeState, plan: ContainerPlan, bundle: Bundle,
        context: consuming SetupContext, journal: consuming StepJournal?, isStarted: Bool
    ) {
        self.id = id
        self.process = process
        self.consoleMaster = consoleMaster
        self.directory = directory
        self.state = state
        self.plan = plan
        self.bundle = bundle
        self.context = context
        self.journal = journal
        self.isStarted = isStarted
    }

    /// A process that helped to make init, and that this process's parent has to wait for.
    package var helperProcessID: Int32? { context.helperProcessID }

    /// What the container has to live without.
    package var warnings: [String] { context.warnings.map(\.text) }

    /// Lets init execute the program and waits until it has.
    ///
    /// Only for a container whose ``Create/Request/isStartedElsewhere`` is false.
    ///
    /// - Throws: when a `startContainer` hook, the execution or a `poststart` hook fails. The caller
    ///   then removes the container: ``takeBack(after:)``.
    package mutating func start() throws(Problem) {
        // Where init has gone, it has said why.
        if !isStarted { _ = try context.reach(.started) }
        while let message = try context.receive() {
            switch message {
            case .failed(let step, let problem):
                failure = (step, problem.why)
                throw problem
            case .warning(let step, let text): context.warn(text, step: step)
            default: continue
            }
        }
        context.handshake = nil
        try Start.runPoststartHooks(of: bundle.spec, state)
    }

    /// Ends and removes the container after its start failed.
    ///
    /// - Returns: the failure, with what could not be removed.
    package consuming func takeBack(after failure: Problem) -> Problem {
        var problem = failure
        let leftovers = context.undoAll() + runPoststopHooks(of: bundle.spec, state)
        if !leftovers.isEmpty {
            let text = leftovers.map(\.description).joined(separator: "; ")
            problem.why += "; and not all could be taken back: \(text)"
        }
        return problem
    }

    /// Removes the container after its init has ended.
    ///
    /// - Returns: what the `poststop` hooks complained about.
    package consuming func remove() throws(Problem) -> [Problem] {
        if let cgroup = context.cgroup, let unit = state.unit {
            try Delete.removeCgroup(cgroup, unit: unit, of: id)
        } else if let cgroup = context.cgroup {
            try explaining("cannot remove the cgroup of \(id)") { () throws(SystemCallError) in
                // A PID namespace has ended with its init; without one others may be left.
                if !hasOwnProcesses { try cgroup.killAll() }
                try cgroup.remove()
            }
        }
        try HostRootfs(of: state)?.unmount()
        try removeResourceControlGroups(state.resourceControlDirectories)
        try directory.remove()
        return runPoststopHooks(of: bundle.spec, state)
    }

    private var hasOwnProcesses: Bool {
        bundle.spec.linux?.namespaces.contains { $0.type == .pid && $0.path == nil } ?? false
    }

    /// What each step did and how long it took; empty unless steps are recorded.
    package borrowing func stepRecords() -> [StepRecord] {
        let warnings = Dictionary(
            context.warnings.map { ($0.step, $0.text) }, uniquingKeysWith: { "\($0); \($1)" })
        switch journal {
        case .none: return []
        case .some(let journal):
            let records = journal.stepRecords(of: plan, warnings: warnings, failure: failure)
            guard let failure, failure.step == plan.steps.count else { return records }
            let last = records.last
            return records + [
                .execution(
                    of: bundle.spec.process?.args ?? [], failed: failure.why,
                    atMicroseconds: last.map { $0.startInMicroseconds + $0.durationInMicroseconds }
                        ?? 0)
            ]
        }
    }
}

extension StepRecord {
    /// The step that no plan has, as nobody is there any more to tell that it was done.
    static func execution(
        of words: [String], failed why: String, atMicroseconds moment: Int64
    ) -> StepRecord {
        StepRecord(
            explanation: Explanation(
                shell: "exec \(words.joined(separator: " "))", why: "init becomes the program",
                spec: "process.args"),
            actor: .`init`, startInMicroseconds: moment, durationInMicroseconds: 0,
            outcome: .failed(why))
    }
}
