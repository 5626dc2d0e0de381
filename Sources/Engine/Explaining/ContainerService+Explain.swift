import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import SystemPackage

extension ContainerService {
    /// Joins what was asked of a container with what the kernel says of it now.
    ///
    /// - Parameters:
    ///   - name: the container; one that does not run has its declared state alone.
    ///   - topics: the sections that are wanted, in this order.
    ///   - isDeclared: whether only what was asked for counts, also of one that runs.
    /// - Returns: the explanation.
    /// - Throws: `.notFound` for a name that nobody has, and what cannot be read.
    package func explain(
        _ name: String, _ topics: [ExplainedTopic], asDeclared isDeclared: Bool
    ) throws(Problem) -> ContainerExplanation {
        let record = try context.record(of: name)
        do throws(Problem) {
            return try explain(record, topics, isDeclared)
        } catch {
            // It may have ended while its files in /proc were read.
            let status = try context.settledStatus(of: record, restarting: true)
            guard !status.state.isAlive else { throw error }
            return try explain(record, topics, isDeclared)
        }
    }

    private func explain(
        _ record: ContainerRecord, _ topics: [ExplainedTopic], _ isDeclared: Bool
    ) throws(Problem) -> ContainerExplanation {
        let status = try context.settledStatus(of: record, restarting: true)
        let explainer = try ContainerExplainer(context, status, asDeclared: isDeclared)
        var sections: [ExplainedSection] = []
        for topic in topics {
            sections.append(
                ExplainedSection(topic: topic, lines: try explainer.lines(about: topic)))
        }
        return ContainerExplanation(
            id: record.id, name: record.name, state: status.state.word, pid: status.state.pid,
            sections: sections)
    }
}

/// What the sections of an explanation are made from.
struct ContainerExplainer {
    let context: EngineContext
    let status: ContainerStatus
    /// What the runtime was told, or would be told at the first start.
    let spec: RuntimeSpec
    /// What the image says; nil where the store has it no longer.
    let image: ImageConfiguration.Defaults?
    /// The container's first process; nil where it does not run, or only what was asked counts.
    let process: RunningProcess?

    var record: ContainerRecord { status.record }
    var request: ContainerRequest { status.record.request }

    /// What the kernel says of the container's first process.
    struct RunningProcess {
        let pid: Int32
        let details: ProcessDetails

        /// A command that shows a file of it.
        func show(_ file: String) -> String { "cat /proc/\(pid)/\(file)" }
    }

    init(
        _ context: EngineContext, _ status: ContainerStatus, asDeclared isDeclared: Bool
    ) throws(Problem) {
        self.context = context
        self.status = status
        spec = try context.declaredSpec(of: status.record)
        image = try context.imageDefaults(of: status.record)
        let pid = isDeclared ? nil : status.state.pid
        process = try pid.map { pid throws(Problem) in
            RunningProcess(
                pid: pid, details: ProcessDetails(status: try Self.text(of: pid, "status")))
        }
    }

    /// A file of a process in `/proc`.
    static func text(of pid: Int32, _ file: String) throws(Problem) -> String {
        try explaining("cannot look at process \(pid)") { () throws(SystemCallError) in
            try File.readText(FilePath("/proc/\(pid)/\(file)"))
        }
    }

    /// The lines of a section.
    func lines(about topic: ExplainedTopic) throws(Problem) -> [ExplainedLine] {
        switch topic {
        case .state: try stateLines()
        case .process: try processLines()
        case .namespaces: try namespaceLines()
        case .users: try userLines()
        case .cgroup: try cgroupLines()
        case .mounts: try mountLines()
        case .capabilities: try capabilityLines()
        case .seccomp: seccompLines()
        case .security: try securityLines()
        case .limits: try limitLines()
        case .devices: try deviceLines()
        case .network: try networkLines()
        case .image: try imageLines()
        case .steps: try stepLines()
        }
    }

    /// Each recorded step: the command that does the same, and what came of it.
    private func stepLines() throws(Problem) -> [ExplainedLine] {
        let steps = try ContainerService(context: context).steps(of: record.id)
        return steps.enumerated().map { index, step in
            let outcome =
                switch step.outcome {
                case .done: "done"
                case .warned(let note): "warning: \(note)"
                case .failed(let note): "failed: \(note)"
                }
            return ExplainedLine(
                "\(index + 1)",
                effective: "\(outcome), by \(step.actor.rawValue), in "
                    + "\(step.durationInMicroseconds) µs",
                why: step.explanation.why, origin: step.explanation.spec,
                command: step.explanation.shell)
        }
    }
}

extension EngineContext {
    /// The specification of a container's last start; of one that never was started, what its first
    /// start would write.
    func declaredSpec(of record: ContainerRecord) throws(Problem) -> RuntimeSpec {
        let path = configuration.bundle(of: record.id).spec
        guard let bytes = try bytesIfPresent(of: path) else { return try plannedSpec(of: record) }
        return try RuntimeSpec(json: bytes, named: path.string)
    }

    /// Decides as a start does, and changes nothing.
    private func plannedSpec(of record: ContainerRecord) throws(Problem) -> RuntimeSpec {
        let context = looking()
        var steps = StepRecorder(for: context.configuration)
        return try context.makeSpec(of: record, recording: &steps).spec
    }

    /// What the container's image says; nil where the store has it no longer.
    func imageDefaults(of record: ContainerRecord) throws(Problem) -> ImageConfiguration.Defaults? {
        if record.imageID == HostImage.name { return HostImage.defaults }
        return try imageStore().readableImages().first { "\($0.id)" == record.imageID }?
            .configuration.config
    }
}
