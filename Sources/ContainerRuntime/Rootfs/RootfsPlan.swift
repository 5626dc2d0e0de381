package import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// Everything that makes a container's root file system out of its bundle, as steps.
///
/// The lists are for the runtime's and init's phases of the same names; between ``enter`` and
/// ``seal`` comes what still writes: the console, kernel parameters, the working directory.
package struct RootfsPlan: Sendable {
    /// In the runtime, before the clone: sources of mounts that init could not open itself.
    package var prepare: [any SetupStep] = []
    /// In init: propagation, mounts, devices.
    package var settle: [any SetupStep] = []
    /// In init, after the `createContainer` hooks: the new root.
    package var enter: [any SetupStep] = []
    /// In init, at last: what becomes read-only or hidden.
    package var seal: [any SetupStep] = []

    /// The rootfs that init binds, and may open before it becomes root of a user namespace.
    package private(set) var openedEarly: FilePath?

    /// What the plan follows from.
    package struct Input: Sendable {
        package var spec: RuntimeSpec
        package var bundle: FilePath
        /// The absolute path of `root.path`.
        package var rootfs: FilePath
        /// The container's cgroup, if it has one.
        package var cgroup: Cgroup?
        package var host: HostFacts
        /// False for `--no-pivot`: MS_MOVE and chroot, for a root on an initramfs.
        package var usesPivotRoot: Bool
        /// Where shared bind mounts come from (``PlanOptions/sharingNamespace``).
        package var sharingNamespace: FilePath?
        /// Whether init begins from an empty mount namespace (``BareMounts``).
        package var leavesHostMounts: Bool

        package init(
            spec: RuntimeSpec, bundle: FilePath, rootfs: FilePath, cgroup: Cgroup?,
            host: HostFacts, usesPivotRoot: Bool, sharingNamespace: FilePath? = nil,
            leavesHostMounts: Bool = false
        ) {
            self.spec = spec
            self.bundle = bundle
            self.rootfs = rootfs
            self.cgroup = cgroup
            self.host = host
            self.usesPivotRoot = usesPivotRoot
            self.sharingNamespace = sharingNamespace
            self.leavesHostMounts = leavesHostMounts
        }
    }

    /// Plans; nothing of the machine is looked at but ``Input/host``.
    package init(_ input: Input) throws(Problem) {
        let linux = input.spec.linux ?? RuntimeSpec.Linux()
        let hasOwnMounts = linux.namespaces.contains { $0.type == .mount }
        let situation = MountSituation(input)
        var mounts: [ContainerMount] = []
        for (index, mount) in input.spec.mounts.enumerated() {
            mounts.append(try ContainerMount(mount, index: index, bundle: input.bundle))
        }
        try situation.check(mounts)

        prepare = mounts.filter { situation.mustPrepare($0) }
            .map { PrepareMount(mount: $0, situation: situation) }
        if input.leavesHostMounts {
            settle = Self.bareSteps(mounts.filter { !situation.mustPrepare($0) }, situation)
        } else if hasOwnMounts {
            openedEarly = input.rootfs
            settle = [
                SetRootPropagation(propagation: situation.propagation, rootfs: input.rootfs),
                BindRootfs(rootfs: input.rootfs),
            ]
        } else {
            prepare.append(BindRootfsOnHost(rootfs: input.rootfs))
        }
        settle += mounts.map { MakeMount(mount: $0, situation: situation) }
        if !mounts.contains(where: \.bringsHostDevices) {
            settle += DeviceNodes.steps(
                linux.devices, rootfs: input.rootfs, bindsHostNodes: !situation.canMakeNodes)
        }
        enter = [
            hasOwnMounts
                ? EnterRootfs(
                    rootfs: input.rootfs, usesPivotRoot: input.usesPivotRoot,
                    isOldRootShared: situation.propagation.isShared
                        || !situation.propagation.isRecursive)
                : ChangeRoot(rootfs: input.rootfs)
        ]
        if let propagation = linux.rootfsPropagation {
            enter.append(PropagateFromRoot(propagation))
        }
        if let label = linux.mountLabel, !input.host.isSELinuxEnabled {
            settle.append(
                WarnStep(
                    text: "this machine has no SELinux: nothing applies the label \(label)",
                    spec: "linux.mountLabel"))
        }
        seal = mounts.filter(\.isFrozenLater).map { FreezeMount(destination: $0.destination) }
        if input.spec.root?.readonly == true { seal.append(FreezeRoot()) }
        if !linux.readonlyPaths.isEmpty {
            seal.append(ReadonlyPaths(paths: linux.readonlyPaths.map { FilePath($0) }))
        }
        if !linux.maskedPaths.isEmpty {
            seal.append(MaskedPaths(paths: linux.maskedPaths.map { FilePath($0) }))
        }
    }

    /// Takes what the container needs of the host's mounts into an empty namespace.
    private static func bareSteps(
        _ mounts: [ContainerMount], _ situation: MountSituation
    ) -> [any SetupStep] {
        let propagation = situation.propagation
        var steps: [any SetupStep] = [
            CloneTree(subject: .rootfs(situation.rootfs), propagation: propagation)
        ]
        for mount in mounts {
            guard case .bind = mount.kind else { continue }
            steps.append(CloneTree(subject: .source(of: mount), propagation: propagation))
        }
        return steps + [EnterBareMounts()]
    }
}

/// What all mounts of a container have to know of the rest of its spec.
struct MountSituation: Sendable {
    let rootfs: FilePath
    let cgroup: Cgroup?
    /// Whether the container has a cgroup namespace of its own.
    let hasCgroupNamespace: Bool
    /// The machine's hierarchies.
    let cgroupLayout: CgroupLayout
    /// The maps of a user namespace that is made for the container.
    let userNamespaceMaps: ContainerMount.OwnerMaps?
    /// Whether init's rights are those of a user namespace other than the machine's first.
    let isInUserNamespace: Bool
    /// Whether the runtime may clone and map the host's mounts.
    let isPrivileged: Bool
    /// Whether the runtime may clone mounts of its own mount namespace: `CAP_SYS_ADMIN`.
    let canClone: Bool
    /// How the host's mounts reach the container's copy of them.
    let propagation: RuntimeSpec.Linux.RootfsPropagation
    /// Where shared bind mounts come from; nil for the runtime's own mount namespace.
    let sharingNamespace: FilePath?
    /// The label of file systems made for the container, where SELinux is on.
    let securityLabel: String?

    init(_ input: RootfsPlan.Input) {
        let linux = input.spec.linux ?? RuntimeSpec.Linux()
        let user = linux.namespaces.first { $0.type == .user }
        rootfs = input.rootfs
        cgroup = input.cgroup
        hasCgroupNamespace = linux.namespaces.contains { $0.type == .cgroup }
        cgroupLayout = input.host.cgroups
        userNamespaceMaps =
            user.map { _ in
                ContainerMount.OwnerMaps(
                    users: IDMap(linux.uidMappings), groups: IDMap(linux.gidMappings))
            }
        isInUserNamespace = user != nil || !input.host.isInInitialUserNamespace
        isPrivileged = input.host.isPrivileged
        canClone = input.host.effectiveCapabilities & 1 << 21 != 0
        propagation = linux.rootfsPropagation ?? .rslave
        sharingNamespace = input.sharingNamespace
        securityLabel = input.host.isSELinuxEnabled ? linux.mountLabel : nil
        canMakeNodes =
            user == nil && input.host.isInInitialUserNamespace
            && input.host.effectiveCapabilities & 1 << 27 != 0
    }

    /// Whether init may call `mknod(2)` for devices: `CAP_MKNOD` in the first user namespace.
    let canMakeNodes: Bool

    /// Whether the runtime has to open a mount's source, because init, in a user namespace, may
    /// not reach it or not map its owners, or because init has no peer of the mount.
    func mustPrepare(_ mount: ContainerMount) -> Bool {
        guard case .bind = mount.kind, isPrivileged || (canClone && userNamespaceMaps != nil)
        else { return false }
        return mount.options.ownerMapping != nil || userNamespaceMaps != nil
            || namespaceOfPeers(of: mount) != nil
    }

    /// The mount namespace where a shared bind mount's source has peers, if it is another one.
    func namespaceOfPeers(of mount: ContainerMount) -> FilePath? {
        // The kernel makes every mount of a new user namespace a slave (mount_namespaces(7)).
        guard mount.options.propagation.last?.propagation == .shared, userNamespaceMaps == nil
        else { return nil }
        return sharingNamespace
    }

    /// Refuses what cannot be done before anything is made.
    func check(_ mounts: [ContainerMount]) throws(Problem) {
        for mount in mounts where mount.options.ownerMapping != nil {
            let maps = mount.ownerMaps ?? userNamespaceMaps
            guard let maps, !maps.users.ranges.isEmpty, !maps.groups.ranges.isEmpty else {
                throw Problem(
                    kind: .invalid, what: "cannot map the owners of \(mount.destination)",
                    why: "neither the mount nor the container has uidMappings and gidMappings",
                    fix: "give the mount uidMappings and gidMappings")
            }
            guard isPrivileged else {
                throw Problem(
                    kind: .denied, what: "cannot map the owners of \(mount.destination)",
                    why: "that takes CAP_SYS_ADMIN in the machine's first user namespace",
                    fix: "run Kade as root, or remove idmap from the mount")
            }
        }
    }
}

extension ContainerMount {
    /// Whether it puts the host's own device nodes at `/dev`, so that none are made.
    package var bringsHostDevices: Bool {
        guard case .bind = kind else { return false }
        return destination == "/dev"
    }
}
