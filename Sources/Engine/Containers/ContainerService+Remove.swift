import ContainerRuntime
package import Diagnostics
import Glibc
import Linux
import SystemPackage

/// Containers that `prune` removed.
package struct PrunedContainers: Sendable {
    package var ids: [String] = []
    /// Why others were not.
    package var problems: [Problem] = []
    /// The bytes that they had written.
    package var reclaimedInBytes: Int64 = 0
}

extension ContainerService {
    /// Removes a container that does not run, or with `force` kills it first.
    ///
    /// - Parameters:
    ///   - name: the container.
    ///   - force: kills it when it runs.
    ///   - removesVolumes: removes its anonymous volumes too; those of a `--rm` container always go.
    /// - Returns: with `force`, what may be left of it because plugins of its networks refuse to
    ///   take it away, in a sentence; nil where nothing is.
    /// - Throws: ``Problem`` of kind `conflict` while the container runs; of kind `unavailable` where
    ///   plugins refuse, without `force`.
    package func remove(
        _ name: String, force: Bool, removesVolumes: Bool
    ) throws(Problem) -> String? {
        let record = try context.record(of: name)
        var found = try context.settledStatus(of: record, restarting: false)
        if case .dead = found.state, record.request.isRemovedAfterExit { return nil }
        var isRemoved = false
        var leftover: String?
        while !isRemoved {
            if force {
                try context.end(
                    found, signal: SIGKILL, timeoutInMilliseconds: -1, waits: true)
            }
            try context.withLock(on: record.id) { () throws(Problem) in
                try context.withStartHeld(of: record.id) { () throws(Problem) in
                    found = try context.status(of: record)
                    if force, found.state.isUnderWay { return }  // another command has started it
                    try Self.checkRemovable(found)
                    leftover = try context.delete(
                        record, withVolumes: removesVolumes || record.request.isRemovedAfterExit,
                        filesGo: .atOnce, pluginsMayRefuse: force)
                    isRemoved = true
                }
            }
        }
        return leftover
    }

    /// Removes a `--rm` container whose session has told its exit code.
    ///
    /// Its name is free then, and nobody sees it any more; its files are deleted by its monitor,
    /// which waits for the session's end.
    package func removeEnded(_ session: consuming ContainerSession) throws(Problem) {
        let record = try context.record(of: session.containerID)
        try context.withLock(on: record.id) { () throws(Problem) in
            let status = try context.status(of: record)
            if case .dead = status.state { return }
            try Self.checkRemovable(status)
            _ = try context.delete(
                record, withVolumes: true, filesGo: .withMonitor, pluginsMayRefuse: false)
        }
    }

    /// Removes containers that do not run and match the filters; one that cannot be removed keeps
    /// no other from it.
    package func prune(_ filter: ContainerFilter) throws(Problem) -> PrunedContainers {
        var all = filter
        all.includesStopped = true
        all.includesSize = true
        var pruned = PrunedContainers()
        for summary in try list(all) {
            switch summary.state {
            case .created, .startFailed, .exited, .dead: break
            case .running, .paused, .restarting: continue
            }
            do throws(Problem) {
                _ = try remove(summary.id, force: false, removesVolumes: false)
                pruned.ids.append(summary.id)
                pruned.reclaimedInBytes += summary.size?.writableInBytes ?? 0
            } catch  where error.kind == .notFound || error.kind == .conflict {
                continue  // another command was faster: it is gone, or it runs again
            } catch {
                pruned.problems.append(error)
            }
        }
        context.tell(.prune, of: .container, "", ["reclaimed": "\(pruned.reclaimedInBytes)"])
        return pruned
    }

    private static func checkRemovable(_ status: ContainerStatus) throws(Problem) {
        let name = status.record.name
        let why: String
        let fix: String
        switch status.state {
        case .created, .startFailed, .exited, .dead: return
        case .running:
            why = "container is running"
            fix = "stop the container before removing or force remove"
        case .paused:
            why = "container is paused"
            fix = "unpause and then stop the container before removing or force remove"
        case .restarting:
            why = "container is restarting"
            fix = "stop the container before removing or force remove"
        }
        throw Problem(
            kind: .conflict, what: "cannot remove container \"\(name)\"", why: why, fix: fix)
    }
}

extension EngineContext {
    /// Removes everything of a container that does not run; the caller holds its lock.
    ///
    /// First all that lies elsewhere, then the directory, then the row: what a crash leaves is a
    /// container in the state dead, which `rm` removes.
    ///
    /// - Returns: what plugins of its networks refuse to take away, where they may.
    func delete(
        _ record: ContainerRecord, withVolumes: Bool, filesGo removal: FileRemoval,
        pluginsMayRefuse: Bool
    ) throws(Problem) -> String? {
        forget()
        try removeRuntimeState(of: record.id)
        var leftover: String?
        if pluginsMayRefuse {
            leftover = leavePluginNetworksForGood(of: record)
        } else {
            try leavePluginNetworks(beforeRemovalOf: record)
        }
        try takeBackPorts(of: Lifecycle(at: configuration.bundle(of: record.id).lifecycle))
        // A monitor that was killed before its first word has published them already.
        try withdrawNames(of: record.id)
        if record.request.namespaces.ipc == .shareable { try removeSharedMemory(of: record.id) }
        if record.imageID == HostImage.name { try removeHostRootfs(of: record.id) }
        try removeRootfsLimit(of: record)
        try removeDirectory(of: record.id, filesGo: removal)
        plan?.note(.delete(record), by: .engine)
        let volumes = try database.write { database throws(Problem) in
            try setAside(database.delete(containerID: record.id, withVolumes: withVolumes))
        }
        for volume in volumes { try finishRemoval(of: volume) }
        tell(.destroy, of: record)
        return leftover
    }

    /// Disconnects a container from networks of plugins, without which it stays.
    private func leavePluginNetworks(beforeRemovalOf record: ContainerRecord) throws(Problem) {
        do throws(Problem) {
            try leavePluginNetworks(of: record.id)
        } catch {
            throw Problem(
                kind: .unavailable, what: "cannot remove container \"\(record.name)\"",
                why: error.why,
                fix: "correct what the plugin complains of, and try again; or remove it all the "
                    + "same, and what the plugin keeps stays: kade rm -f \(record.name)",
                cause: error)
        }
    }

    /// Who deletes the files of a container that is removed.
    enum FileRemoval {
        case atOnce
        /// Its monitor, when this client has gone; if it cannot, the next `ps` does.
        case withMonitor
    }

    func removeDirectory(of id: String, filesGo removal: FileRemoval) throws(Problem) {
        let directory = configuration.bundle(of: id).directory
        guard File.exists(directory) else { return }
        if let plan { return plan.note(.removeDirectory(directory), by: .engine) }
        // At once under another name, so that nobody takes a half of it for a container.
        let removed = RemovedBundle.path(of: directory)
        try explaining("cannot remove \(directory)") { () throws(SystemCallError) in
            try Link.rename(directory, to: removed)
            if removal == .atOnce { try removeBundle(removed) }
        }
    }

    /// Deletes a bundle's files.
    ///
    /// A command that is killed may leave a mount on the rootfs where the kernel cannot make an
    /// overlay that is attached nowhere (``OverlayMount/open(through:)``); it goes first.
    func removeBundle(_ path: FilePath) throws(SystemCallError) {
        let rootfs = ContainerBundle(directory: path).rootfs
        do throws(SystemCallError) {
            while true { try Mount.unmount(rootfs, isDetached: true) }
        } catch  where error.errno == .invalidArgument || error.errno == .noSuchFileOrDirectory {
            // None is there any more.
        }
        try Directory.removeTree(path)
    }
}
