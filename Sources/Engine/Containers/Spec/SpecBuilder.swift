import ContainerRuntime
import Diagnostics
import Linux
import OCI

/// Makes the runtime-spec of a container from its request, as Docker would: pure.
struct SpecBuilder {
    let input: SpecInput
    /// What could not be done exactly as asked.
    private(set) var warnings: [String] = []

    var request: ContainerRequest { input.request }

    init(_ input: SpecInput) {
        self.input = input
    }

    mutating func warn(_ text: String) { warnings.append(text) }

    /// The whole spec.
    mutating func build() throws(Problem) -> RuntimeSpec {
        let options = try SecurityOptions(request.security.options)
        let capabilities = try request.security.capabilities(on: input.host)
        var spec = RuntimeSpec(ociVersion: "1.2.0")
        spec.process = try process(capabilities, options)
        spec.root = .init(path: "rootfs", readonly: request.security.isRootfsReadOnly)
        if request.namespaces.uts == .isolated {
            spec.hostname = input.hostname
            spec.domainname = request.network.domainName
        }
        spec.mounts = mounts(options)
        spec.annotations = request.allAnnotations
        // crun's annotation, which Podman sets too.
        if request.process.keepsGroups { spec.annotations["run.oci.keep_original_groups"] = "1" }
        if let rules = options.landlockText, let process = spec.process {
            _ = try LandlockPlan.policy(rules, of: process)
            spec.annotations[LandlockPlan.annotation] = rules
        }
        spec.linux = try linux(capabilities, options)
        try apply(input.deviceEdits, to: &spec)
        return spec
    }

    /// Builds the limits alone, for their errors and warnings.
    mutating func checkLimits() throws(Problem) {
        _ = try resourceLimits()
        _ = memory()
    }

    private mutating func process(
        _ capabilities: [String], _ options: SecurityOptions
    ) throws(Problem) -> RuntimeSpec.Process {
        try checkUser()
        var arguments = (request.process.entrypoint ?? []) + (request.command ?? [])
        if input.initProgram != nil { arguments = ["/sbin/docker-init", "--"] + arguments }
        var process = RuntimeSpec.Process(cwd: request.process.workingDirectory ?? "/")
        process.terminal = request.process.hasTerminal
        process.args = arguments
        process.user = .init(
            uid: input.user.uid, gid: input.user.gid, additionalGids: input.user.additionalGroups)
        process.user.umask = request.process.umask
        process.env = processEnvironment(
            request.process, hostname: input.hostname, home: input.user.home)
        process.env = overlaidEnvironment(process.env, with: input.secretVariables)
        process.capabilities = Self.capabilitySets(capabilities, uid: input.user.uid)
        process.noNewPrivileges = options.hasNoNewPrivileges
        process.rlimits = try resourceLimits()
        process.oomScoreAdj = request.process.outOfMemoryScoreAdjustment
        process.apparmorProfile = try options.appArmorProfile(on: input.host)
        return process
    }

    /// Refuses a user whom the container's user namespace does not have.
    private func checkUser() throws(Problem) {
        let user = OwnerIDs(user: input.user.uid, group: input.user.gid)
        guard let maps = request.namespaces.userMaps, maps.outside(user) == nil else { return }
        throw Problem(
            kind: .invalid, what: "cannot run the program as \(user.user):\(user.group)",
            why: "the container's user namespace has no such user or group",
            fix: "give it more, as --userns auto:size=65536 does, or name another user")
    }

    private mutating func linux(
        _ capabilities: [String], _ options: SecurityOptions
    ) throws(Problem) -> RuntimeSpec.Linux {
        var linux = RuntimeSpec.Linux()
        linux.namespaces = namespaces()
        if let maps = request.namespaces.userMaps {
            linux.uidMappings = Self.mappings(maps.users)
            linux.gidMappings = Self.mappings(maps.groups)
        }
        linux.cgroupsPath = cgroupPath
        linux.sysctl = request.security.sysctls
        linux.personality = request.process.personality
            .flatMap { RuntimeSpec.Personality.Domain(rawValue: $0) }
            .map { RuntimeSpec.Personality(domain: $0) }
        linux.intelRdt = request.resources.resourceControlClass
            .map { RuntimeSpec.IntelRdt(closID: $0) }
        linux.devices = try deviceNodes()
        linux.resources = try resources(options)
        linux.seccomp = try options.seccomp(
            isPrivileged: request.security.isPrivileged, capabilities: capabilities)
        if !request.security.isPrivileged && !options.areSystemPathsUnconfined {
            linux.maskedPaths = Self.maskedPaths
            linux.readonlyPaths = Self.readOnlyPaths
        }
        linux.rootfsPropagation = rootPropagation
        return linux
    }

    /// nil leaves it to the runtime, which knows what an ordinary user may have.
    private var cgroupPath: String? {
        if input.host.isRootless, request.resources.cgroupParent == nil { return nil }
        return "\(request.resources.cgroupParent ?? "/kade")/\(input.id)"
    }

    private func namespaces() -> [RuntimeSpec.Namespace] {
        var list: [RuntimeSpec.Namespace] = [.init(type: .mount)]
        let wanted = request.namespaces
        if let path = input.namespaces.network {
            list.append(.init(type: .network, path: path))
        } else if wanted.network == .isolated {
            list.append(.init(type: .network))
        }
        if wanted.uts == .isolated { list.append(.init(type: .uts)) }
        if let path = input.namespaces.pid {
            list.append(.init(type: .pid, path: path))
        } else if wanted.pid == .isolated {
            list.append(.init(type: .pid))
        }
        if let path = input.namespaces.ipc {
            list.append(.init(type: .ipc, path: path))
        } else if wanted.ipc != .host {
            list.append(.init(type: .ipc))
        }
        if hasCgroupNamespace { list.append(.init(type: .cgroup)) }
        if wanted.userMaps != nil {
            list.append(.init(type: .user, path: input.namespaces.user))
        }
        return list
    }

    private static func mappings(_ map: IDMap) -> [RuntimeSpec.IDMapping] {
        map.ranges.map {
            .init(containerID: $0.inside, hostID: $0.outside, size: $0.count)
        }
    }

    private var hasCgroupNamespace: Bool {
        switch request.namespaces.cgroup {
        case .host: false
        case .isolated, .container: true
        case nil: input.host.cgroupVersion == .v2 && !request.security.isPrivileged
        }
    }

    /// A shared or slave bind needs a root that receives.
    private var rootPropagation: RuntimeSpec.Linux.RootfsPropagation? {
        var result: RuntimeSpec.Linux.RootfsPropagation?
        for mount in input.mounts {
            guard case .bind(_, let propagation, _) = mount.source else { continue }
            switch propagation {
            case "shared", "rshared": return .shared
            case "slave", "rslave": result = .rslave
            default: break
            }
        }
        return result
    }

    /// The capabilities of a process as Docker sets them: what `execve(2)` leaves to this user.
    static func capabilitySets(_ names: [String], uid: UInt32) -> RuntimeSpec.Capabilities {
        guard uid == 0 else { return .init(bounding: names) }
        return .init(bounding: names, effective: names, permitted: names)
    }

    private mutating func resourceLimits() throws(Problem) -> [RuntimeSpec.Rlimit] {
        var list: [RuntimeSpec.Rlimit] = []
        for limit in request.resources.limits {
            guard let kind = RuntimeSpec.Rlimit.Kind(ulimit: limit.name) else {
                throw Problem(
                    kind: .invalid, what: "invalid ulimit type: \(limit.name)",
                    why: "getrlimit(2) has no limit of this name")
            }
            var hard = limit.hard < 0 ? UInt64.max : UInt64(limit.hard)
            var soft = limit.soft < 0 ? UInt64.max : UInt64(limit.soft)
            guard soft <= hard else {
                throw Problem(
                    kind: .invalid, what: "cannot use --ulimit \(limit.name)",
                    why: "ulimit soft limit must be less than or equal to hard limit: "
                        + "\(limit.soft) > \(limit.hard)")
            }
            if let most = input.host.hardLimits[limit.name], hard > most,
                !input.host.has(.sysResource) || input.host.isRootless
            {
                warn(
                    "ulimit \(limit.name) is lowered to \(most), the engine's own hard limit: "
                        + "raising it needs CAP_SYS_RESOURCE")
                hard = most
                soft = min(soft, most)
            }
            list.append(.init(type: kind, hard: hard, soft: soft))
        }
        return list
    }
}

extension RuntimeSpec.Rlimit.Kind {
    /// The limit that `--ulimit` calls by a short name.
    fileprivate init?(ulimit name: String) {
        self.init(rawValue: "RLIMIT_" + name.uppercased())
    }
}
