package import Diagnostics
import Linux
package import OCI
package import SystemPackage

extension ContainerPlan {
    /// Plans a container: a pure function of its arguments.
    ///
    /// The order within init is runc's where the kernel or a hook can see it.
    ///
    /// - Parameters:
    ///   - spec: a configuration that ``SpecValidation`` accepts.
    ///   - bundle: the bundle's absolute path.
    ///   - host: what is known of the machine.
    ///   - options: what the caller decides.
    /// - Throws: where the spec asks for something that this machine cannot do.
    package init(
        spec: RuntimeSpec, bundle: FilePath, host: HostFacts, options: PlanOptions
    ) throws(Problem) {
        self.init()
        leavesHostMounts = options.leavesHostMounts
        canReturn = host.isInInitialUserNamespace
        let maker = try PlanMaker(spec: spec, bundle: bundle, host: host, options: options)
        add(maker.prepare, to: .prepare)
        add(maker.attend, to: .attend)
        add(maker.settle, to: .settle)
        add(maker.hooks, to: .hooks)
        add(maker.enter, to: .enter)
        add(maker.launch, to: .launch)
    }
}

/// The phases of a plan, each as a list of steps.
struct PlanMaker {
    let spec: RuntimeSpec
    let bundle: FilePath
    let host: HostFacts
    let options: PlanOptions
    let linux: RuntimeSpec.Linux
    let process: RuntimeSpec.Process
    let namespaces: NamespaceSetup
    let rootfs: RootfsPlan
    let placement: CgroupPlacement
    private let seccomp: SeccompPlan
    private let landlock: LandlockPlan
    private let cgroupSteps: [any SetupStep]
    private let placementSteps: [any SetupStep]
    private let resourceControl: ResourceControlGroup?

    init(
        spec: RuntimeSpec, bundle: FilePath, host: HostFacts, options: PlanOptions
    ) throws(Problem) {
        self.spec = spec
        self.bundle = bundle
        self.host = host
        self.options = options
        linux = spec.linux ?? RuntimeSpec.Linux()
        process = spec.process ?? RuntimeSpec.Process(cwd: "/")
        namespaces = NamespaceSetup(linux.namespaces)
        try namespaces.checkRights(on: host)
        placement = try CgroupPlacement(
            for: spec.linux, containerID: options.containerID, on: host)
        seccomp = try SeccompPlan(
            linux.seccomp, process: process,
            state: ContainerState(
                of: Self.state(of: spec, bundle, options), status: .creating))
        landlock = try LandlockPlan(annotations: spec.annotations, process: process, on: host)
        cgroupSteps =
            try placement.prepareSteps()
            + DelegateCgroup.steps(for: spec, in: placement.cgroup, on: host)
        placementSteps = try placement.attendSteps(annotations: spec.annotations)
        if let wanted = linux.intelRdt {
            resourceControl = try ResourceControlGroup(
                wanted, containerID: options.containerID, root: host.resourceControl)
        } else {
            resourceControl = nil
        }
        rootfs = try RootfsPlan(
            RootfsPlan.Input(
                spec: spec, bundle: bundle,
                rootfs: Bundle.rootfs(of: spec, in: bundle), cgroup: placement.cgroup, host: host,
                usesPivotRoot: options.usesPivotRoot, sharingNamespace: options.sharingNamespace,
                leavesHostMounts: options.leavesHostMounts))
    }

    /// In the runtime, before init exists.
    var prepare: [any SetupStep] {
        var steps: [any SetupStep] = []
        if case .fifo(let path) = options.start { steps.append(MakeStartFifo(path: path)) }
        if let path = options.notifyDirectory { steps.append(MakeNotifyDirectory(path: path)) }
        if !placement.isMadeBesideInit { steps += cgroupSteps }
        if let resourceControl { steps.append(MakeResourceControlGroup(group: resourceControl)) }
        return steps + rootfs.prepare
    }

    /// In the runtime, beside init, which waits for it where there is anything to do.
    var attend: [any SetupStep] {
        let steps = stepsBesideInit
        return steps.isEmpty ? [] : steps + [Reach(rendezvous: .placed)]
    }

    private var stepsBesideInit: [any SetupStep] {
        var steps: [any SetupStep] = placement.isMadeBesideInit ? cgroupSteps : []
        if namespaces.hasNewUser {
            let canMap = host.effectiveCapabilities & (1 << 6 | 1 << 7) == (1 << 6 | 1 << 7)
            steps += [
                WriteIDMap(
                    kind: .uid, mappings: linux.uidMappings, isPrivileged: canMap,
                    ownID: host.effectiveUserID),
                WriteIDMap(
                    kind: .gid, mappings: linux.gidMappings, isPrivileged: canMap,
                    ownID: host.effectiveGroupID),
                Reach(rendezvous: .mapped),
            ]
        }
        // Raising a limit and lowering a score take the runtime's capabilities, not init's.
        if hasOwnUser {
            steps +=
                ProcessPlanMaker(
                    process: process, host: host, hasOwnUser: true, annotations: spec.annotations
                ).limits
        }
        if let score = process.oomScoreAdj { steps.append(SetOOMScore(score: score)) }
        if !linux.netDevices.isEmpty {
            for (name, device) in linux.netDevices.sorted(by: { $0.key < $1.key }) {
                steps.append(MoveNetworkDevice(name: name, newName: device.name ?? name))
            }
        }
        steps += placementSteps
        if let resourceControl { steps.append(JoinResourceControlGroup(group: resourceControl)) }
        return steps
    }

    /// In the runtime, while init waits with its mounts made.
    var hooks: [any SetupStep] {
        var steps: [any SetupStep] = []
        if hasRuntimeHooks {
            steps.append(Await(rendezvous: .mounted))
            steps += hookSteps(.prestart) + hookSteps(.createRuntime)
            steps.append(Reach(rendezvous: .hooked))
        }
        steps += seccomp.forwarding
        steps.append(Await(rendezvous: .ready))
        return steps
    }

    /// In init: namespaces and everything below the bundle's rootfs.
    var settle: [any SetupStep] {
        var steps: [any SetupStep] = [
            CloseOnExecute(
                first: CInt(3 + options.preservedDescriptors), kept: options.keptDescriptors),
            ConnectStreams(streams: options.streams),
        ]
        if !placement.isMadeBesideInit { steps += placement.settleSteps() }
        if case .fifo(let path) = options.start { steps.append(OpenStartFifo(path: path)) }
        if needsProc { steps.append(KeepProc()) }
        if options.makesKeyring {
            steps.append(JoinSessionKeyring(name: "_ses.\(options.containerID)"))
        }
        if namespaces.hasNewUser {
            steps.append(Await(rendezvous: .mapped))
        }
        if hasOwnUser {
            if let path = rootfs.openedEarly, namespaces.joinedMount == nil {
                steps.append(OpenRootfs(rootfs: path))
            }
            steps.append(BecomeNamespaceRoot())
        }
        if namespaces.unshared.contains(.newIPC) { steps.append(UnshareIPCNamespace()) }
        if let path = namespaces.joinedMount { steps.append(JoinMountNamespace(path: path)) }
        if namespaces.unshared.contains(.newTime) {
            steps.append(UnshareTimeNamespace(offsets: linux.timeOffsets))
        }
        if namespaces.cloned.contains(.newNetwork) { steps.append(RaiseLoopback()) }
        steps += mountSteps
        if hasRuntimeHooks { steps.append(Reach(rendezvous: .mounted)) }
        return steps
    }

    /// The mounts, and where init has to be in its cgroup: before it sees cgroups, and before it
    /// fills memory that counts.
    private var mountSteps: [any SetupStep] {
        var placed: [any SetupStep] =
            stepsBesideInit.isEmpty ? [] : [Await(rendezvous: .placed)]
        if placement.isMadeBesideInit { placed += placement.settleSteps() }
        if namespaces.unshared.contains(.newCgroup) { placed.append(UnshareCgroupNamespace()) }
        // Up to here the runtime writes to init's files in /proc, perhaps without privileges.
        placed.append(ForbidInspection())
        var steps = rootfs.settle
        // As late as possible: the runtime makes the cgroups (v1) while init mounts.
        let first = steps.firstIndex { step in
            guard let mount = (step as? MakeMount)?.mount else { return false }
            return mount.kind == .cgroup || mount.options.copiesUp
        }
        steps.insert(contentsOf: placed, at: first ?? steps.endIndex)
        return steps
    }

    /// In init: from the hooks in its namespaces to the point where only the start is missing.
    var enter: [any SetupStep] {
        var steps: [any SetupStep] = []
        if hasRuntimeHooks { steps.append(Await(rendezvous: .hooked)) }
        steps += hookSteps(.createContainer) + rootfs.enter
        if process.terminal {
            steps.append(
                ConnectConsole(
                    size: process.consoleSize, userID: process.user.uid,
                    isConsole: namespaces.hasOwnMounts))
        }
        if let name = spec.hostname { steps.append(SetHostname(name: name)) }
        if let name = spec.domainname { steps.append(SetDomainname(name: name)) }
        if !linux.sysctl.isEmpty {
            for (name, value) in linux.sysctl.sorted(by: { $0.key < $1.key }) {
                steps.append(SetKernelParameter(name: name, value: value))
            }
        }
        steps.append(EnterWorkingDirectory(path: process.cwd, user: process.user, isMade: true))
        steps += rootfs.seal
        let processMaker = ProcessPlanMaker(
            process: process, host: host, hasOwnUser: hasOwnUser,
            annotations: spec.annotations)
        steps += processMaker.confinement
        if let domain = linux.personality?.domain { steps.append(SetPersonality(domain: domain)) }
        if let policy = linux.memoryPolicy { steps.append(SetMemoryPolicy(policy: policy)) }
        if !hasOwnUser { steps += processMaker.limits }
        steps += landlock.ruleset + seccomp.early + processMaker.identity
        // After the last change of identity, which would undo it.
        if options.endsWithRuntime { steps.append(EndWithMonitor()) }
        steps += seccomp.late
        steps.append(Reach(rendezvous: .ready))
        return steps
    }

    /// In init, once the container is started.
    var launch: [any SetupStep] {
        var steps: [any SetupStep] = []
        switch options.start {
        case .fifo: steps.append(AwaitStartFifo())
        case .handshake: steps.append(Await(rendezvous: .started))
        }
        return steps + hookSteps(.startContainer) + landlock.restriction + seccomp.atLaunch
    }

    /// What hooks and a seccomp agent are told of the container.
    private static func state(
        of spec: RuntimeSpec, _ bundle: FilePath, _ options: PlanOptions
    ) -> RuntimeState {
        RuntimeState(
            ociVersion: spec.ociVersion, id: options.containerID, bundle: bundle.string,
            rootfs: "", created: "", owner: 0, annotations: spec.annotations)
    }

    private func hookSteps(_ kind: HookKind) -> [any SetupStep] {
        let hooks = kind.hooks(of: spec)
        if hooks.isEmpty { return [] }
        // To prestart hooks, which once ran at the start, the container is created.
        let isCreated = kind == .startContainer || kind == .prestart
        let state = ContainerState(
            of: Self.state(of: spec, bundle, options), status: isCreated ? .created : .creating)
        return hooks.map { RunHook(kind: kind, hook: $0, state: state) }
    }

    private var hasRuntimeHooks: Bool {
        !HookKind.prestart.hooks(of: spec).isEmpty
            || !HookKind.createRuntime.hooks(of: spec).isEmpty
    }

    private var hasOwnUser: Bool { namespaces.hasNewUser || namespaces.joinedUser != nil }

    /// Whether steps use `/proc` once the container's own, or a joined namespace's, is in its place.
    private var needsProc: Bool {
        namespaces.joinedMount != nil || !linux.sysctl.isEmpty || process.apparmorProfile != nil
            || process.selinuxLabel != nil
    }
}
