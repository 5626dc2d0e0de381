package import Diagnostics
import Glibc
package import Linux
import SystemPackage

extension NamespaceSetup {
    /// Makes the container's first process inside its namespaces.
    ///
    /// - Parameters:
    ///   - cgroup: the cgroup v2 directory that the process is born into.
    ///   - context: its handshake is init's end; only the detour (``takesDetour``) writes to it.
    /// - Returns: in init `.child`, in the runtime its process. With the detour that is the process
    ///   that makes init, of which the runtime hears as ``HandshakeMessage/process(id:)``.
    /// - Throws: the ``Problem`` that the kernel's refusal means.
    package func clone(
        intoCgroup cgroup: borrowing OwnedFD?, in context: borrowing SetupContext
    ) throws(Problem) -> CloneResult {
        guard takesDetour else {
            return try clone(
                visiting: joined[...], context.leavesInitToParent ? .parent : [], cgroup)
        }
        return try detour(cgroup, in: context)
    }

    /// Enters one namespace after the other, clones, and comes back out of each.
    private func clone(
        visiting remaining: ArraySlice<JoinedNamespace>, _ flags: CloneFlags,
        _ cgroup: borrowing OwnedFD?
    ) throws(Problem) -> CloneResult {
        guard let next = remaining.first else {
            return try cloneHere(flags, cgroup)
        }
        let target = try next.open()
        let home = try explaining("cannot remember the runtime's own namespaces") {
            () throws(SystemCallError) in
            try OwnedFD.open(FilePath("/proc/self/ns/\(next.kind.fileName)"), .readOnly)
        }
        try enter(target, next)
        let result: CloneResult
        do throws(Problem) {
            result = try clone(visiting: remaining.dropFirst(), flags, cgroup)
        } catch {
            try? Namespaces.enter(home, next.kind)  // the first error is the one to tell
            throw error
        }
        switch consume result {
        case .child: return .child
        case .parent(let process):
            try explaining("cannot return to the runtime's own \(next.kind.rawValue) namespace") {
                () throws(SystemCallError) in try Namespaces.enter(home, next.kind)
            }
            return .parent(process)
        }
    }

    private func enter(
        _ namespace: borrowing OwnedFD, _ joined: JoinedNamespace
    ) throws(Problem) {
        try explaining(
            "cannot join the \(joined.kind.rawValue) namespace \(joined.path)",
            fix: "it takes CAP_SYS_ADMIN in the user namespace that owns it"
        ) { () throws(SystemCallError) in try Namespaces.enter(namespace, joined.kind) }
    }

    private func cloneHere(
        _ flags: CloneFlags, _ cgroup: borrowing OwnedFD?
    ) throws(Problem) -> CloneResult {
        try explaining(
            "cannot make the container's first process",
            fix: "a user namespace may be forbidden here: see /proc/sys/user/max_user_namespaces"
        ) { () throws(SystemCallError) in
            try Linux.clone(cloned.union(flags), intoCgroup: cgroup)
        }
    }

    /// A process between runtime and init enters the namespaces, which cannot be left again, and
    /// makes init as its sibling (`CLONE_PARENT`), so that the runtime is init's parent, or has the
    /// same parent.
    private func detour(
        _ cgroup: borrowing OwnedFD?, in context: borrowing SetupContext
    ) throws(Problem) -> CloneResult {
        let user = joinedUser.map { JoinedNamespace(kind: .user, path: $0) }
        // Opened with the rights of the runtime's own user namespace.
        let userNamespace = try user?.open()
        let flags: CloneFlags = context.leavesInitToParent ? .parent : []
        switch try explaining(
            "cannot make the container's first process",
            { () throws(SystemCallError) in try Linux.clone(flags, intoCgroup: cgroup) })
        {
        case .parent(let middle): return .parent(middle)
        case .child:
            do throws(Problem) {
                if let user, let userNamespace {
                    try enter(joined[...], around: userNamespace, user)
                } else {
                    for next in joined { try enter(next.open(), next) }
                }
                switch try cloneHere(.parent, nil) {
                case .child: return .child
                case .parent(let initProcess):
                    try context.send(.process(id: initProcess.id), with: initProcess.descriptor)
                    _exit(0)
                }
            } catch {
                _ = try? context.send(.failed(step: -1, error))  // the runtime sees our end as well
                _exit(1)
            }
        }
    }

    /// Enters namespaces around the step into a user namespace: those of somebody else before it,
    /// with the runtime's own rights, and those that the user namespace alone gives rights over
    /// after it.
    private func enter(
        _ remaining: ArraySlice<JoinedNamespace>, around userNamespace: borrowing OwnedFD,
        _ user: JoinedNamespace
    ) throws(Problem) {
        guard let next = remaining.first else { return try enter(userNamespace, user) }
        let namespace = try next.open()
        let isEntered: Bool
        do throws(SystemCallError) {
            try Namespaces.enter(namespace, next.kind)
            isEntered = true
        } catch {
            isEntered = false  // the second refusal is the one to tell
        }
        try enter(remaining.dropFirst(), around: userNamespace, user)
        if !isEntered { try enter(namespace, next) }
    }
}
