import Diagnostics
import Linux
import OCI
import SystemPackage

/// How a process of the runtime comes into the namespaces of a container that exists: for `exec` and
/// `mounts`.
struct ContainerEntry {
    /// The container's namespaces.
    let kinds: [NamespaceKind]
    let host: HostFacts
    /// The container's init, as the runtime numbers it.
    let initProcessID: CInt

    init(spec: RuntimeSpec, host: HostFacts, initProcessID: CInt) {
        kinds = (spec.linux?.namespaces ?? []).map { NamespaceKind($0.type) }
        self.host = host
        self.initProcessID = initProcessID
    }

    /// Whether the container has a user namespace that the runtime's rights do not reach into, or a
    /// PID namespace from which it could not come back.
    var needsDetour: Bool {
        !host.isPrivileged && (kinds.contains(.user) || kinds.contains(.pid))
    }

    /// The steps that enter, in the process that ``clone(in:)`` made.
    ///
    /// With rights over all of the container's namespaces one call enters them; the detour has
    /// entered all but the mounts.
    var joinSteps: [any SetupStep] {
        // What is left to enter of a container that shares the runtime's mounts is its root.
        let rootStep: [any SetupStep] =
            kinds.contains(.mount) ? [] : [ChangeRootToProcess(process: initProcessID)]
        let userStep: [any SetupStep] = kinds.contains(.user) ? [BecomeNamespaceRoot()] : []
        if needsDetour, kinds.contains(.user) {
            return
                (rootStep.isEmpty
                ? [JoinMountNamespace(path: namespaceFile(.mount))] : rootStep) + userStep
        }
        let flags = kinds.filter { $0 != .pid }.map(\.flag)
            .reduce(into: CloneFlags()) { $0.formUnion($1) }
        return [JoinProcessNamespaces(process: initProcessID, kinds: flags)] + rootStep + userStep
    }

    /// Makes the process: a child of the runtime whose PID namespace is the container's.
    func clone(in context: borrowing SetupContext) throws(Problem) -> CloneResult {
        var setup = NamespaceSetup([])
        setup.canReturn = !needsDetour
        if needsDetour, kinds.contains(.user) {
            setup.joinedUser = namespaceFile(.user)
            setup.joined = kinds.filter { $0 != .user && $0 != .mount }
                .map { JoinedNamespace(kind: $0, path: namespaceFile($0)) }
        } else if kinds.contains(.pid) {
            setup.joined = [JoinedNamespace(kind: .pid, path: namespaceFile(.pid))]
        }
        return try setup.clone(intoCgroup: context.cgroupDirectory, in: context)
    }

    private func namespaceFile(_ kind: NamespaceKind) -> FilePath {
        FilePath("/proc/\(initProcessID)/ns/\(kind.fileName)")
    }
}

/// Enters the namespaces of the container's init all at once (setns(2) with a pidfd).
struct JoinProcessNamespaces: SetupStep {
    let process: CInt
    let kinds: CloneFlags

    var explanation: Explanation {
        Explanation(
            shell: "nsenter --target \(process) --all",
            why: "the program sees what the container sees", spec: "exec")
    }

    func run(in context: inout SetupContext) throws(Problem) {
        guard !kinds.isEmpty, let target = context.joinedProcess.take() else { return }
        try explaining("cannot enter the container's namespaces") { () throws(SystemCallError) in
            try Namespaces.enter(ofProcess: target, kinds)
        }
    }
}
