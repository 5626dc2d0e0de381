import Diagnostics
import Linux
import OCI
import SystemPackage

/// What `exec` does, as steps, and how its process comes into the container's namespaces.
struct ExecPlanMaker {
    /// What the container was made from.
    let spec: RuntimeSpec
    /// The program to run.
    let process: RuntimeSpec.Process
    let host: HostFacts
    /// The container's init, as the runtime numbers it.
    let initProcessID: CInt
    let place: ExecPlace
    /// What is kept of the container.
    let state: RuntimeState
    let request: Exec.Request

    private var kinds: [NamespaceKind] {
        (spec.linux?.namespaces ?? []).map { NamespaceKind($0.type) }
    }

    /// Whether the container has a user namespace that the runtime's rights do not reach into.
    var needsDetour: Bool { kinds.contains(.user) && !host.isPrivileged }

    private var cgroup: Cgroup? { place.cgroup }

    /// Whether the process moves itself into its cgroups before it enters the namespaces.
    private var entersCgroup: Bool {
        guard let cgroup else { return false }
        return host.isPrivileged && !cgroup.layout.isUnified
    }

    /// The plan, in the phases that a container's creation has too.
    func plan() throws(Problem) -> ContainerPlan {
        var plan = ContainerPlan()
        let hasOwnUser = kinds.contains(.user)
        if let unit = state.unit, unit.isOfUser {
            plan.add([AttachToUnit(unit: unit)], to: .attend)
        } else if let cgroup {
            plan.add([OpenCgroup(cgroup: cgroup)], to: .prepare)
            if !entersCgroup {
                plan.add([JoinCgroupForExec(cgroup: cgroup)] + place.moves, to: .attend)
            }
        }
        if let wanted = spec.linux?.intelRdt {
            let group = try ResourceControlGroup(
                wanted, containerID: state.id, root: host.resourceControl)
            plan.add([JoinResourceControlGroup(group: group)], to: .attend)
        }
        if let score = process.oomScoreAdj { plan.add([SetOOMScore(score: score)], to: .attend) }
        plan.add(process.rlimits.map { SetResourceLimit(limit: $0) }, to: .attend)
        if let processors = process.execCPUAffinity?.initial {
            plan.add([SetProcessors(list: processors)], to: .attend)
        }
        plan.add([Reach(rendezvous: .placed)], to: .attend)

        if let cgroup, entersCgroup {
            plan.add(
                [EnterCgroup(cgroup: cgroup, isInUnified: false)] + place.moves, to: .settle)
        }
        plan.add(
            [
                CloseOnExecute(first: CInt(3 + request.preservedDescriptors)),
                ConnectStreams(streams: request.streams),
                KeepProc(), Await(rendezvous: .placed), ForbidInspection(),
            ] + joinSteps, to: .settle)
        if hasOwnUser { plan.add([BecomeNamespaceRoot()], to: .settle) }
        if let processors = process.execCPUAffinity?.final {
            plan.add([SetProcessors(list: processors)], to: .settle)
        }

        if process.terminal {
            plan.add(
                [
                    ConnectConsole(
                        size: process.consoleSize, userID: process.user.uid, isConsole: false)
                ], to: .enter)
        }
        plan.add(
            [EnterWorkingDirectory(path: process.cwd, user: process.user, isMade: false)],
            to: .enter)
        let maker = ProcessPlanMaker(
            process: process, host: host, hasOwnUser: hasOwnUser)
        let filter = try SeccompPlan(
            spec.linux?.seccomp, process: process,
            state: ContainerState(of: state, status: .running))
        plan.add(filter.forwarding, to: .attend)
        if let domain = spec.linux?.personality?.domain {
            plan.add([SetPersonality(domain: domain)], to: .enter)
        }
        if let policy = spec.linux?.memoryPolicy {
            plan.add([SetMemoryPolicy(policy: policy)], to: .enter)
        }
        plan.add(maker.confinement + filter.early + maker.identity + filter.late, to: .enter)
        plan.add(filter.atLaunch, to: .launch)
        return plan
    }

    /// With rights over all of the container's namespaces one call enters them; the detour has
    /// entered all but the mounts.
    private var joinSteps: [any SetupStep] {
        // What is left to enter of a container that shares the runtime's mounts is its root.
        let rootStep: [any SetupStep] =
            kinds.contains(.mount) ? [] : [ChangeRootToProcess(process: initProcessID)]
        if needsDetour {
            return rootStep.isEmpty ? [JoinMountNamespace(path: namespaceFile(.mount))] : rootStep
        }
        let flags = kinds.filter { $0 != .pid }.map(\.flag)
            .reduce(into: CloneFlags()) { $0.formUnion($1) }
        return [JoinProcessNamespaces(process: initProcessID, kinds: flags)] + rootStep
    }

    /// Makes the process: a child of the runtime whose PID namespace is the container's.
    func clone(
        _ target: borrowing ChildProcess, in context: borrowing SetupContext
    ) throws(Problem) -> CloneResult {
        var setup = NamespaceSetup([])
        if needsDetour {
            setup.joinedUser = namespaceFile(.user)
            setup.joined = kinds.filter { $0 != .user && $0 != .mount }
                .map { JoinedNamespace(kind: $0, path: namespaceFile($0)) }
        } else if kinds.contains(.pid) {
            setup.joined = [JoinedNamespace(kind: .pid, path: namespaceFile(.pid))]
        }
        return try setup.clone(intoCgroup: context.cgroupDirectory, in: context)
    }

    private func namespaceFile(_ kind: NamespaceKind) -> FilePath {
        FilePath("/proc/\(initProcessID)/ns/\(kind.fileName)")
    }
}

/// Enters the namespaces of the container's init all at once (setns(2) with a pidfd).
struct JoinProcessNamespaces: SetupStep {
    let process: CInt
    let kinds: CloneFlags

    var explanation: Explanation {
        Explanation(
            shell: "nsenter --target \(process) --all",
            why: "the program sees what the container sees", spec: "exec")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard !kinds.isEmpty, let target = context.joinedProcess.take() else { return }
        try explaining("cannot enter the container's namespaces") { () throws(SystemCallError) in
            try Namespaces.enter(ofProcess: target, kinds)
        }
    }
}

/// Ties the program to processors: `process.execCPUAffinity` (sched_setaffinity(2)).
struct SetProcessors: SetupStep {
    /// A list as in cpuset(7): "0-3,7".
    let list: String

    var explanation: Explanation {
        Explanation(
            shell: "taskset --cpu-list --pid \(list) $PID",
            why: "the program runs on these processors", spec: "process.execCPUAffinity")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard let processors = NumberList.parse(list) else {
            throw Problem(
                kind: .invalid, what: "cannot tie the program to processors \(list)",
                why: "a list looks like 0-3,7")
        }
        let process = context.initProcessID ?? 0
        try explaining("cannot tie the program to processors \(list)") {
            () throws(SystemCallError) in try setAffinity(of: process, to: processors)
        }
    }
}
