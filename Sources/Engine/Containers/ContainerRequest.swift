package import ContainerRuntime
import Linux
package import Networking

/// What someone asks of a new container: the flags of `run` and `create` as plain values.
///
/// Merged with its image's configuration (``merged(with:)``) the same type is what the database
/// keeps; its JSON is Docker's `Config` and `HostConfig`.
package struct ContainerRequest: Sendable, Equatable {
    /// The image as the user wrote it: a reference, an ID or its beginning, or `host`.
    package var image: String
    /// The command and its arguments; nil takes the image's `Cmd`.
    package var command: [String]?
    /// `--name`; nil lets the engine invent one.
    package var name: String?
    /// `--platform`, as `os[/architecture[/variant]]`.
    package var platform: String?
    /// `--label` and `--label-file`.
    package var labels: [String: String] = [:]
    /// `--annotation`: carried to the runtime as they are.
    package var annotations: [String: String] = [:]
    /// What annotations say of the image, labels and stop signal apart; known when it is.
    var imageAnnotations: [String: String] = [:]
    /// `--rm`: the container and its anonymous volumes go when it ends.
    package var isRemovedAfterExit = false
    /// `--restart`.
    package var restartPolicy = RestartPolicy.no
    /// `--stop-signal`, a name or number; nil takes the image's, then SIGTERM.
    package var stopSignal: String?
    /// `--stop-timeout`; nil is ten seconds, −1 waits for ever.
    package var stopTimeoutInSeconds: Int?
    /// `--pidfile`: where the pid of the program goes at each start.
    package var pidFile: String?
    /// `--timeout`: how long a run may last before the program is killed.
    package var timeLimitInSeconds: Int?
    /// `--sdnotify`: who tells a service manager that the container is ready.
    package var notification = Notification.container
    /// `--image-volume`: what becomes of the image's `VOLUME`s.
    package var imageVolumes = ImageVolumes.volume
    /// `--requires`: containers that are started before this one.
    package var requires: [String] = []
    /// `--rootfs`: the image is a directory of the host, in place of an image.
    package var rootfs: RootfsRequest?
    /// `--no-healthcheck`: the image's health check is not for this container.
    package var disablesHealthcheck = false
    /// `--health-*`.
    package var health = HealthRequest()
    /// The program that runs inside.
    package var process = ProcessRequest()
    /// What is shared with the host or with other containers.
    package var namespaces = NamespaceRequest()
    /// `-v`, `--mount` and `--tmpfs`, in the order given.
    package var mounts: [MountRequest] = []
    /// `--volumes-from`: containers whose mounts this one has too, each `NAME[:ro|rw]`.
    package var volumesFrom: [String] = []
    /// `--secret`.
    package var secrets: [SecretRequest] = []
    /// Names and name servers.
    package var network = NetworkRequest()
    /// Privileges.
    package var security = SecurityRequest()
    /// Limits.
    package var resources = ResourceRequest()
    /// `--log-driver` and `--log-opt`.
    package var logging = LogRequest()

    package init(image: String) {
        self.image = image
    }
}

/// A root file system that is a directory of the host (`--rootfs`).
package struct RootfsRequest: Sendable, Equatable {
    /// Its absolute path.
    package var path: String
    /// `:O`: what the container changes goes to a layer of its own.
    package var isOverlaid: Bool

    package init(path: String, isOverlaid: Bool) {
        self.path = path
        self.isOverlaid = isOverlaid
    }
}

/// What becomes of the places that an image calls volumes (`--image-volume`).
package enum ImageVolumes: String, Sendable {
    /// Anonymous volumes.
    case volume
    /// A tmpfs each.
    case tmpfs
    /// Directories of the container as any other.
    case ignore
}

/// When a container starts again by itself (`--restart`).
package enum RestartPolicy: Sendable, Equatable {
    case no
    case always
    /// As `always`, but not after the user stopped it.
    case unlessStopped
    /// After an exit code other than 0, at most `maximumRetries` times (0 means without end).
    case onFailure(maximumRetries: Int)
}

/// The program of a container: the part of `run` that `exec` has too.
package struct ProcessRequest: Sendable, Equatable {
    /// `--entrypoint`; nil takes the image's, an empty list clears it.
    package var entrypoint: [String]?
    /// `-e` and `--env-file`: `NAME=value`; a bare `NAME` removes the image's variable.
    package var environment: [String] = []
    /// `--unsetenv`: variables of the image, and of Kade's own, that are left out.
    package var removedVariables: [String] = []
    /// `--unsetenv-all`: leaves all of them out.
    package var removesAllVariables = false
    /// `--umask`; nil is the runtime's.
    package var umask: UInt32?
    /// `--tz`: an area of the time zone database, or `local` for the host's.
    package var timezone: String?
    /// `--preserve-fds`: descriptors of the calling process that the program gets under their own
    /// numbers.
    package var descriptors: [Int32] = []
    /// `--env-merge`: variables whose values name others of the image, as `PATH=/own:${PATH}`.
    package var mergedVariables: [String] = []
    /// `--init-path`: the program of `--init`, on the host; nil is one that Kade finds.
    package var initProgram: String?
    /// `--personality`: `LINUX` or `LINUX32`; nil is the host's.
    package var personality: String?
    /// `--passwd`, `--passwd-entry`, `--group-entry` and `--hostuser`.
    package var userFiles = UserFilesRequest()
    /// `-w`; nil takes the image's, then `/`.
    package var workingDirectory: String?
    /// `-u`: `name|uid[:group|gid]`; nil takes the image's, then root.
    package var user: String?
    /// `--group-add`: names or numbers, or `keep-groups` alone.
    package var additionalGroups: [String] = []
    /// `-i`: standard input stays open.
    package var isInteractive = false
    /// `-t`: a pseudo terminal is the program's standard input, output and error.
    package var hasTerminal = false
    /// `--init`: a small init is pid 1 and reaps for the program.
    package var hasInit = false
    /// `--oom-score-adj`.
    package var outOfMemoryScoreAdjustment = 0

    package init() {}

    /// Whether the program keeps the groups of whoever starts the container, as in Podman.
    var keepsGroups: Bool { additionalGroups == [Self.keptGroups] }

    /// Podman's word for that.
    static let keptGroups = "keep-groups"
}

/// The namespaces that a container has, shares or joins.
package struct NamespaceRequest: Sendable, Equatable {
    /// `--pid`: private, host or container:NAME.
    package var pid = NamespaceMode.isolated
    /// `--ipc`: private (the default), shareable, none, host or container:NAME.
    package var ipc = IPCMode.isolated
    /// `--uts`: private or host.
    package var uts = NamespaceMode.isolated
    /// `--cgroupns`: private or host; nil is private on cgroup v2 and host on v1, as in Docker.
    package var cgroup: NamespaceMode?
    /// `--userns`, as given: host, private, auto, keep-id, nomap or container:NAME, with options.
    package var user = ""
    /// `--uidmap` and `--gidmap`, `--subuidname` and `--subgidname`.
    package var userMapping = UserMappingRequest()
    /// The maps of the container's user namespace, chosen when it is made; nil for Kade's own.
    var userMaps: UserMaps?
    /// `--network`: none, host or container:NAME.
    package var network = NamespaceMode.isolated

    package init() {}
}

/// One namespace of a container: its own, the host's or another container's.
package enum NamespaceMode: Sendable, Equatable {
    /// Its own namespace (`private`; for networks: `none`).
    case isolated
    case host
    case container(String)
}

/// The IPC namespace and its `/dev/shm`.
package enum IPCMode: Sendable, Equatable {
    /// Its own, which other containers may join.
    case shareable
    /// Its own, which none may join.
    case isolated
    /// Its own, without `/dev/shm`.
    case none
    case host
    case container(String)
}

/// A container's networks, its ports, and names and name servers.
package struct NetworkRequest: Sendable, Equatable {
    /// `--network` by name, of a container with a network namespace of its own; nil takes the
    /// default network, and an empty list is none.
    package var attachments: [NetworkAttachment]?
    /// Whether nobody named a network, so that ``attachments`` has the default one first.
    var isDefault = false
    /// Places on networks that were removed while the container did not run.
    var lost: [NetworkAttachment] = []
    /// `--network pasta`, with options for it: an ordinary user's network; nil is another one.
    package var pasta: [String]?
    /// `-p`.
    package var published: [PortSpec] = []
    /// `-P`: all exposed ports are published, wherever there is room.
    package var publishesExposed = false
    /// `--expose`, and the image's.
    package var exposed: Set<TransportPort> = []
    /// `--hostname`; nil is the beginning of the ID.
    package var hostname: String?
    /// `--domainname`.
    package var domainName: String?
    /// `--dns`.
    package var nameServers: [String] = []
    /// `--dns-search`.
    package var searchDomains: [String] = []
    /// `--dns-option`.
    package var resolverOptions: [String] = []
    /// `--add-host`: `name:address`.
    package var extraHosts: [String] = []
    /// `--hosts-file`: a file of the host whose lines come before the container's own.
    package var hostsFile: String?
    /// `--no-hosts`: `/etc/hosts` is the image's.
    package var keepsHosts = false
    /// `--no-hostname`: `/etc/hostname` is the image's.
    package var keepsHostname = false

    package init() {}
}

/// What a container's processes are allowed.
package struct SecurityRequest: Sendable, Equatable {
    /// `--privileged`.
    package var isPrivileged = false
    /// `--cap-add`: with or without `CAP_`, or `ALL`.
    package var addedCapabilities: [String] = []
    /// `--cap-drop`.
    package var droppedCapabilities: [String] = []
    /// `--read-only`.
    package var isRootfsReadOnly = false
    /// `--security-opt`, each as given.
    ///
    /// `no-new-privileges`, `seccomp=…`, `systempaths=unconfined`, `apparmor=…`, `label=…`,
    /// `writable-cgroups=…`, `landlock=…`. The value of `seccomp=` is `unconfined`,
    /// `builtin` or the profile's JSON text (the caller reads the file), that of `landlock=` the
    /// JSON text of rules.
    package var options: [String] = []
    /// `--device`.
    package var devices: [DeviceRequest] = []
    /// `--device vendor.com/class=name`: devices of CDI.
    package var interfaceDevices: [String] = []
    /// `--gpus`.
    package var gpus: [GPURequest] = []
    /// `--device-cgroup-rule`: `c 1:3 rwm`.
    package var deviceRules: [String] = []
    /// `--sysctl`.
    package var sysctls: [String: String] = [:]

    package init() {}
}

/// A device of the host inside a container (`--device host[:container[:rwm]]`).
package struct DeviceRequest: Sendable, Equatable {
    package var hostPath: String
    package var containerPath: String
    /// Any of `r`, `w` and `m`.
    package var permissions: String

    package init(hostPath: String, containerPath: String, permissions: String) {
        self.hostPath = hostPath
        self.containerPath = containerPath
        self.permissions = permissions
    }
}

/// Where a container's output is kept.
package struct LogRequest: Sendable, Equatable {
    /// `json-file` (for Podman `k8s-file`), `local`, `journald`, `syslog` or `none`.
    package var driver = "json-file"
    /// What the driver understands; see ``LogOptions``.
    package var options: [String: String] = [:]

    package init() {}
}
