package import SystemPackage

/// What the caller of `create` decides, beside the spec.
package struct PlanOptions: Sendable, Equatable {
    /// The container's identifier.
    package var containerID: String
    /// How init learns that it may execute the program.
    package var start: StartSignal
    /// The descriptors that become standard input, output and error of a program without terminal.
    package var streams: StandardStreams
    /// Whether the root is entered with `pivot_root(2)`; `--no-pivot` takes `chroot(2)`.
    package var usesPivotRoot: Bool
    /// Whether the program gets a session keyring of its own.
    package var makesKeyring: Bool
    /// How many descriptors from 3 on the program inherits (`--preserve-fds`, `LISTEN_FDS`).
    package var preservedDescriptors: Int
    /// Other descriptors that the program inherits under their own numbers (`--preserve-fd`).
    package var keptDescriptors: [CInt] = []
    /// The mount namespace whose mounts a shared bind mount stays a peer of, as a file of
    /// `/proc`; nil where it is the runtime's own.
    package var sharingNamespace: FilePath?
    /// Whether init begins from an empty mount namespace, and not from a copy of the host's.
    package var leavesHostMounts = false
    /// Whether the program is killed when the runtime is: true for a monitor, which stays.
    package var endsWithRuntime: Bool
    /// The directory of the socket to which the program says that it is ready (sd_notify(3)).
    package var notifyDirectory: FilePath?

    package init(
        containerID: String, start: StartSignal, streams: StandardStreams = .inherited,
        usesPivotRoot: Bool = true, makesKeyring: Bool = true, preservedDescriptors: Int = 0,
        sharingNamespace: FilePath? = nil, endsWithRuntime: Bool = false
    ) {
        self.containerID = containerID
        self.start = start
        self.streams = streams
        self.usesPivotRoot = usesPivotRoot
        self.makesKeyring = makesKeyring
        self.preservedDescriptors = preservedDescriptors
        self.sharingNamespace = sharingNamespace
        self.endsWithRuntime = endsWithRuntime
    }

    /// What init waits for before it executes the program.
    package enum StartSignal: Sendable, Equatable {
        /// A byte in the fifo at this path: another process starts the container.
        case fifo(FilePath)
        /// A message of the same runtime, which stays: `run`, and the monitor.
        case handshake
    }
}
