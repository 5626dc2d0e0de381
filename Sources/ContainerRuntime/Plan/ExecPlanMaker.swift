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

    /// How its process comes in.
    var entry: ContainerEntry {
        ContainerEntry(spec: spec, host: host, initProcessID: initProcessID)
    }

    private var cgroup: Cgroup? { place.cgroup }

    /// Whether the process moves itself into its cgroups before it enters the namespaces.
    private var entersCgroup: Bool {
        guard let cgroup else { return false }
        return host.isPrivileged && !cgroup.layout.isUnified
    }

    /// The plan, in the phases that a container's creation has too.
    func plan() throws(Problem) -> ContainerPlan {
        var plan = ContainerPlan()
        let entry = entry
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
        let maker = ProcessPlanMaker(
            process: process, host: host, hasOwnUser: entry.kinds.contains(.user),
            annotations: spec.annotations)
        plan.add(maker.limits, to: .attend)
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
                CloseOnExecute(
                    first: CInt(3 + request.preservedDescriptors), kept: request.keptDescriptors),
                ConnectStreams(streams: request.streams),
                KeepProc(), Await(rendezvous: .placed), ForbidInspection(),
            ] + entry.joinSteps, to: .settle)
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
        let landlock = try LandlockPlan(
            annotations: spec.annotations, process: process, on: host)
        plan.add(maker.confinement + landlock.ruleset + filter.early, to: .enter)
        plan.add(maker.identity + filter.late, to: .enter)
        plan.add(landlock.restriction + filter.atLaunch, to: .launch)
        return plan
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
