package import Linux
package import SystemPackage

/// What a plan needs to know about the machine; a pure value that tests make by hand.
package struct HostFacts: Sendable, Equatable {
    /// The runtime's effective user.
    package var effectiveUserID: UInt32
    /// The runtime's effective group.
    package var effectiveGroupID: UInt32
    /// Whether the runtime runs in the machine's first user namespace.
    package var isInInitialUserNamespace: Bool
    /// Whether the runtime's user namespace lets processes change their additional groups.
    package var canSetGroups = true
    /// The runtime's effective capabilities, one bit for each number (capabilities(7)).
    package var effectiveCapabilities: UInt64
    /// The highest capability that the kernel knows (`/proc/sys/kernel/cap_last_cap`).
    package var lastCapability: Int
    /// The running kernel.
    package var kernel: KernelVersion
    /// The cgroup hierarchies that limits are written to.
    package var cgroups: CgroupLayout
    /// The service manager that makes the container's cgroup; nil where the runtime does it.
    package var systemd: SystemdManagerFacts?
    /// Whether AppArmor confines programs on this machine.
    package var isAppArmorEnabled: Bool
    /// Whether SELinux confines programs on this machine.
    package var isSELinuxEnabled: Bool
    /// Whether a container without limits may do without a cgroup where it gets none (`--rootless`);
    /// nil where the caller leaves it to the runtime, which lets an ordinary user's.
    package var mayLackCgroup: Bool?
    /// The version of Landlock, when the container needs it; 0 where the kernel has none.
    package var landlockVersion = 0
    /// Where resctrl is mounted, when the container needs it.
    package var resourceControl: FilePath?

    package init(
        effectiveUserID: UInt32 = 0, effectiveGroupID: UInt32 = 0,
        isInInitialUserNamespace: Bool = true, effectiveCapabilities: UInt64 = .max,
        lastCapability: Int = 40, kernel: KernelVersion = KernelVersion(major: 6, minor: 12),
        cgroups: CgroupLayout = .version2, isAppArmorEnabled: Bool = false,
        isSELinuxEnabled: Bool = false, resourceControl: FilePath? = nil
    ) {
        self.effectiveUserID = effectiveUserID
        self.effectiveGroupID = effectiveGroupID
        self.isInInitialUserNamespace = isInInitialUserNamespace
        self.effectiveCapabilities = effectiveCapabilities
        self.lastCapability = lastCapability
        self.kernel = kernel
        self.cgroups = cgroups
        self.isAppArmorEnabled = isAppArmorEnabled
        self.isSELinuxEnabled = isSELinuxEnabled
        self.resourceControl = resourceControl
    }

    /// Whether the runtime may do everything an unrestricted root could do to mounts and
    /// namespaces (`CAP_SYS_ADMIN` in the first user namespace).
    package var isPrivileged: Bool {
        isInInitialUserNamespace && effectiveCapabilities & (1 << 21) != 0
    }
}

/// A kernel's version as far as features depend on it.
package struct KernelVersion: Sendable, Equatable, Comparable {
    package var major: Int
    package var minor: Int

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}
