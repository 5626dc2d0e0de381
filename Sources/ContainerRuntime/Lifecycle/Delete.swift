package import Diagnostics
import Linux
import OCI
package import SystemPackage

/// Removes what `create` made: `delete`.
package enum Delete {
    /// - Parameters:
    ///   - id: the container.
    ///   - root: where the container's state is.
    ///   - isForced: whether a running container is killed first, and a missing one is no error.
    ///   - bundle: what it was made of; with force, it tells of the cgroup of a creation that was killed
    ///     before its first state, which nothing else tells of.
    /// - Returns: what the `poststop` hooks complained about, and with force what may be left.
    /// - Throws: ``Problem`` of kind `conflict` while the container runs.
    package static func run(
        _ id: String, in root: RuntimeRoot, isForced: Bool, bundle: FilePath? = nil
    ) throws(Problem) -> [Problem] {
        let directory: ContainerDirectory
        do throws(Problem) {
            directory = try root.container(id)
        } catch  where isForced && error.kind == .notFound {
            return []
        }
        let state: RuntimeState
        do throws(Problem) {
            state = isForced ? try directory.loadStateOfAnyFormat() : try directory.loadState()
        } catch  where isForced {
            // Half made by a command that was killed before it knew a process, or damaged.
            if let bundle { try removeCgroup(ofHalfMade: id, from: bundle) }
            try directory.remove()
            return error.kind == .corrupt && bundle == nil ? [mayBeLeft(of: id, error)] : []
        }
        let status = try State.status(of: state, in: directory, asksFreezer: true)
        // A created container too is to be killed first (runtime-spec, runtime.md § Delete).
        guard status == .stopped || isForced else {
            throw Problem(
                kind: .conflict, what: "cannot delete container \(id)",
                why: "cannot delete container \(id) that is not stopped: \(status.rawValue)",
                fix: "kill it first, or use --force")
        }
        if status != .stopped { try end(state) }
        return try destroy(state, in: directory, isForced: isForced)
    }

    private static func mayBeLeft(of id: String, _ problem: Problem) -> Problem {
        Problem(
            kind: .corrupt, what: "container \(id) is removed, and its processes may be left",
            why: "\(problem)", fix: "look for its cgroup: find /sys/fs/cgroup -name '*\(id)*'")
    }

    /// Removes the cgroup that a creation has made, where its bundle is still there.
    private static func removeCgroup(
        ofHalfMade id: String, from bundle: FilePath
    ) throws(Problem) {
        guard File.exists(bundle.appending("config.json")) else { return }
        let spec = try Bundle.load(bundle).spec
        let host = try HostFacts.probe(for: spec, process: nil)
        let placement = try CgroupPlacement(for: spec.linux, containerID: id, on: host)
        try removeCgroup(placement.cgroup, unit: nil, of: id)
    }

    /// Removes a container whose init has ended.
    ///
    /// - Parameters:
    ///   - state: what is known of it.
    ///   - directory: where that is kept.
    ///   - isForced: whether it goes without its `poststop` hooks where these cannot be read.
    /// - Returns: what the `poststop` hooks complained about, or why they did not run.
    /// - Throws: what could not be removed.
    package static func destroy(
        _ state: RuntimeState, in directory: ContainerDirectory, isForced: Bool
    ) throws(Problem) -> [Problem] {
        if let cgroup = try State.cgroup(of: state) {
            try removeCgroup(cgroup, unit: state.unit, of: state.id)
        }
        try HostRootfs(of: state)?.unmount()
        try removeResourceControlGroups(state.resourceControlDirectories)
        let spec: RuntimeSpec?
        do throws(Problem) {
            spec = try directory.loadConfiguration()
        } catch  where !directory.hasState {
            // Another delete is at work, or was killed when it had begun to remove the state.
            spec = nil
        } catch  where isForced {
            try directory.remove()
            return [error]
        }
        try directory.remove()
        guard let spec else { return [] }
        return runPoststopHooks(of: spec, state)
    }

    /// Ends what is left in a container's cgroup and removes it, also where it is a unit.
    static func removeCgroup(
        _ cgroup: Cgroup, unit: RuntimeState.Unit?, of id: String
    ) throws(Problem) {
        try explaining("cannot end the processes of \(id)") { () throws(SystemCallError) in
            // Without a PID namespace init's end ends nobody else.
            if cgroup.exists { try cgroup.killAll() }
        }
        if let unit {
            var manager = try SystemdManager.reach(isOfUser: unit.isOfUser)
            try manager.stop(unit.name)
        }
        try explaining("cannot remove the cgroup of \(id)") { () throws(SystemCallError) in
            if cgroup.exists { try cgroup.remove() }
        }
    }

    /// Kills init and waits until it has ended; whoever is its parent reaps it.
    private static func end(_ state: RuntimeState) throws(Problem) {
        guard let process = try Kill.initProcess(of: state) else { return }
        let cgroup = try State.cgroup(of: state)
        let hasEnded = try explaining("cannot end container \(state.id)") {
            () throws(SystemCallError) -> Bool in
            try process.send(.kill)
            if let cgroup, try cgroup.isFrozen() { try cgroup.thaw() }
            let events = try Poll.wait(
                for: [process.descriptor.rawValue], .readable, milliseconds: 10_000)
            return events.first?.isEmpty == false
        }
        guard hasEnded else {
            throw Problem(
                kind: .unavailable, what: "cannot end container \(state.id)",
                why: "process \(process.id) has not ended within 10 s of SIGKILL",
                fix: "see what it waits for: cat /proc/\(process.id)/stack")
        }
    }
}
