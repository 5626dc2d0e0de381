import ContainerRuntime
import Linux
import OCI
import SystemPackage

/// All that decides a container's ``RuntimeSpec``: looked up beforehand, so that building is pure.
struct SpecInput: Sendable {
    var id: String
    /// Merged with the image's configuration.
    var request: ContainerRequest
    var user: ContainerUser
    var host: SpecHost
    var namespaces = JoinedNamespaces()
    /// The request's mounts with volumes as directories of the host.
    var mounts: [ResolvedMount] = []
    /// What the monitor mounts first, for mounts whose source is no path of the host.
    var sources: [MonitorConfiguration.Source] = []
    /// The generated `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`.
    var networkFiles: [ResolvedMount] = []
    /// The host's name for a container that shares it, else the container's own.
    var hostname: String
    /// The init program of `--init` on the host.
    var initProgram: FilePath?
    /// A tmpfs on the host that is `/dev/shm` (`--ipc shareable` and `container:`).
    var sharedMemory: FilePath?
    /// Numbers of the devices that the request names.
    var devices: [String: HostDevice] = [:]
    /// What devices of CDI change.
    var deviceEdits: [CDISpec.ContainerEdits] = []
    /// Variables that secrets are, each `NAME=value`.
    var secretVariables: [String] = []
    /// Every device of the host, for `--privileged`.
    var allDevices: [HostDevice] = []
}

/// What a spec depends on of the machine.
struct SpecHost: Sendable, Equatable {
    var cgroupVersion = CgroupVersion.v2
    /// Whether Kade is root of a user namespace alone.
    var isRootless = false
    var cgroupAccess = CgroupAccess.machine
    /// Whether Kade's user namespace has the group 5, which terminals belong to.
    var hasTerminalGroup = true
    /// The engine's own capabilities, as bits by number: a container cannot have more.
    var capabilities: UInt64 = .max
    var lastCapability = 40
    var processorCount = 1
    /// Whether the kernel counts swap for each cgroup.
    var hasSwapAccounting = true
    var isAppArmorEnabled = false
    var isSELinuxEnabled = false
    /// The hard limits of the engine, by `--ulimit` name; UInt64.max means unlimited.
    var hardLimits: [String: UInt64] = [:]

    func has(_ capability: Capability) -> Bool {
        CapabilitySet(rawValue: capabilities).contains(capability)
            && Int(capability.rawValue) <= lastCapability
    }
}

/// The namespaces of others that a container joins, as paths.
struct JoinedNamespaces: Sendable, Equatable {
    var pid: String?
    var ipc: String?
    var network: String?
    var user: String?
}

/// A mount of a request whose source is a path of the host.
struct ResolvedMount: Sendable, Equatable {
    var target: String
    var isReadOnly: Bool
    var source: Source
    /// Who change places on a bind mount; nil where nobody does.
    var owners: OwnerSwap?

    enum Source: Sendable, Equatable {
        case bind(path: String, propagation: String, recursion: BindRequest.Recursion)
        case tmpfs(TmpfsRequest)
    }
}

/// A device node of the host.
struct HostDevice: Sendable, Equatable {
    var path: String
    var isBlock: Bool
    var major: Int64
    var minor: Int64
    var permissions: UInt32
    var user: UInt32
    var group: UInt32
}

/// Who a container's process is.
struct ContainerUser: Sendable, Equatable {
    var uid: UInt32
    var gid: UInt32
    var additionalGroups: [UInt32]
    /// The home directory that passwd names; `/` without an entry.
    var home: String

    static let root = ContainerUser(uid: 0, gid: 0, additionalGroups: [0], home: "/root")
}
