package import Diagnostics
package import Linux
package import SystemPackage

/// What the steps of one container's setup share: the descriptors they own and what they learned.
///
/// The runtime and init have one each (init's is the runtime's, copied by `clone3(2)`), so what a
/// step of ``SetupPhase/enter`` stores is not seen by the runtime.
package struct SetupContext: ~Copyable {
    /// The container's identifier.
    package let containerID: String
    /// The bundle's absolute path.
    package let bundle: FilePath
    /// The absolute path of `root.path` on the host.
    package let rootfs: FilePath

    /// The container's root directory, once a step of ``SetupPhase/settle`` has mounted it.
    package var rootfsDirectory: RootedDirectory?
    /// The mount namespace that init begins from; nil for a copy of the runtime's.
    var bareNamespace: OwnedFD?
    /// The rootfs before it is attached in that namespace.
    var rootfsTree: DetachedMount?
    /// The root of init's own mount namespace, while its root directory still is the host's.
    var bareRoot: OwnedFD?
    /// The rootfs, opened by ``OpenRootfs``.
    var openedRootfs: OwnedFD?
    /// The rootfs as a mount of the runtime's, for a container without a mount namespace.
    var hostRootfs: HostRootfs?
    /// The sources of mounts that the runtime opens for init, by the mount's index in the spec.
    var preparedMounts: [Int: PreparedMount] = [:]
    /// The cgroup v2 directory that init is born into (`CLONE_INTO_CGROUP`), if there is one.
    package var cgroupDirectory: OwnedFD?
    /// Whether the version 2 cgroup did not exist before.
    var isCgroupNew = false
    /// The container's cgroup, once it is made.
    package var cgroup: Cgroup?
    /// The systemd unit that the cgroup is, once it is made.
    var scope: SystemdScope?
    /// The resctrl groups that were made for the container alone, inner ones first.
    var resourceControlDirectories: [String] = []
    /// The host's `/proc`, opened before the root was entered: what the container has at this
    /// place may be anything.
    package var procDirectory: RootedDirectory?
    /// The process identifier of init, as the runtime sees it; nil before `clone3(2)`.
    package var initProcessID: CInt?
    /// Whether init is a sibling of the runtime (`CLONE_PARENT`) and not its child.
    var leavesInitToParent = false
    /// The process that made init, where it is a sibling of the runtime as well.
    var helperProcessID: CInt?
    /// The runtime's end or init's end of the socket between them.
    package var handshake: OwnedFD?
    /// The process whose namespaces `exec` enters, opened where its number still means it.
    package var joinedProcess: OwnedFD?
    /// The master of the container's terminal, once init has made it.
    package var consoleMaster: OwnedFD?
    /// The descriptor of a seccomp listener (`SECCOMP_FILTER_FLAG_NEW_LISTENER`).
    package var seccompListener: OwnedFD?
    /// The rules that the program will be under.
    var landlockRuleset: LandlockRuleset?

    /// The pidfd of init, when another process than the runtime made it.
    package var initDescriptor: OwnedFD?
    /// Whether init's user namespace lets processes change their additional groups.
    var canSetGroups = true
    /// Whether init could enter the program's working directory as root.
    var isInWorkingDirectory = false
    /// The home directory of the program's user, from the container's `/etc/passwd`.
    package var home: String?
    /// The fifo that init waits on.
    package var startFifo: OwnedFD?
    /// Whether `start` waits at the fifo for the program's execution.
    package var isStarted = false
    /// The file of the container's program, once init has found it.
    package var program: FilePath?

    /// What tells of each step as it is made; nil where nobody looks.
    package var stepTeller: StepTeller?

    /// What the container has to live without, in the order it was found.
    package private(set) var warnings: [Warning] = []
    /// The number of the step that runs.
    var currentStep = 0
    /// The number of the step that failed, here or on the other side.
    package var failedStep: Int?
    /// Whether this is init's context, whose warnings the runtime hears about.
    var isInit = false
    /// What takes back the steps so far, first made first.
    private var undoList: [Undo] = []

    package init(containerID: String, bundle: FilePath, rootfs: FilePath) {
        self.containerID = containerID
        self.bundle = bundle
        self.rootfs = rootfs
    }

    /// Notes something that the specification lets the container live without.
    package mutating func warn(_ text: String) {
        warn(text, step: currentStep)
        // A peer that is gone has no use for a warning.
        if isInit { _ = try? send(.warning(step: currentStep, text: text)) }
    }

    /// Notes a warning of a step, also of the other side's.
    mutating func warn(_ text: String, step: Int) {
        warnings.append(Warning(step: step, text: text))
    }

    /// Something the container lives without.
    package struct Warning: Sendable, Equatable {
        /// The number of the step that found it.
        package let step: Int
        package let text: String
    }

    /// Registers how to take back what a step has just done outside of the container.
    ///
    /// - Parameters:
    ///   - what: the action, for the message when it fails: "remove cgroup /sys/fs/cgroup/x".
    ///   - action: takes it back; runs only when the setup fails later.
    package mutating func undo(
        _ what: String, _ action: @escaping @Sendable () throws(Problem) -> Void
    ) {
        undoList.append(Undo(what: what, action: action))
    }

    /// Takes back everything, last made first, and goes on where one action fails.
    ///
    /// - Returns: what could not be taken back.
    package mutating func undoAll() -> [Problem] {
        var problems: [Problem] = []
        while let last = undoList.popLast() {
            do throws(Problem) { try last.action() } catch { problems.append(error) }
        }
        return problems
    }

    /// One registered way back.
    private struct Undo {
        let what: String
        let action: @Sendable () throws(Problem) -> Void
    }
}
