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
    package var rootfsDirectory: OwnedFD?
    /// The cgroup v2 directory that init is born into (`CLONE_INTO_CGROUP`), if there is one.
    package var cgroupDirectory: OwnedFD?
    /// The container's cgroup, once it is made.
    package var cgroup: Cgroup?
    /// The process identifier of init, as the runtime sees it; nil before `clone3(2)`.
    package var initProcessID: CInt?
    /// The runtime's end or init's end of the socket between them.
    package var handshake: OwnedFD?
    /// The master of the container's terminal, once init has made it.
    package var consoleMaster: OwnedFD?
    /// The descriptor of a seccomp listener (`SECCOMP_FILTER_FLAG_NEW_LISTENER`).
    package var seccompListener: OwnedFD?

    /// What the container has to live without, in the order it was found.
    package private(set) var warnings: [String] = []
    /// What takes back the steps so far, first made first.
    private var undoList: [Undo] = []

    package init(containerID: String, bundle: FilePath, rootfs: FilePath) {
        self.containerID = containerID
        self.bundle = bundle
        self.rootfs = rootfs
    }

    /// Notes something that the specification lets the container live without.
    package mutating func warn(_ text: String) {
        warnings.append(text)
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
