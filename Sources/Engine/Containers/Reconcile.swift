import ContainerRuntime
import Diagnostics
import Linux
import Storage
import SystemPackage

extension EngineContext {
    /// A container's status after what a killed monitor or a reboot left is cleaned up; nil when
    /// that removed the container (`--rm`).
    ///
    /// A container that another command holds is shown as it is.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - isWanted: whether it starts again where its restart policy says so; false for a command
    ///     that would end it.
    /// - Returns: what is true now.
    /// - Throws: what could not be cleaned up.
    func cleanedStatus(
        of record: ContainerRecord, restarting isWanted: Bool
    ) throws(Problem) -> ContainerStatus? {
        var status = try status(of: record)
        if case .paused = status.state, try thawAbandoned(record) {
            status = try self.status(of: record)
        }
        guard status.isStale else {
            // Best effort: what cannot be made so stays as it was.
            if status.truth.isMonitorAlive, plan == nil { try? settleNetworks(of: record) }
            return status
        }
        if plan != nil { return try cleanedStatus(ofStale: status, restarting: isWanted) }
        let path = configuration.bundle(of: record.id).lock
        let lock: FileLock?
        do throws(SystemCallError) {
            lock = try FileLock.ifFree(path, .exclusive)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil  // removed meanwhile
        } catch {
            throw Problem(what: "cannot lock container \(record.name)", refusal: error)
        }
        guard let lock else { return status }
        defer { withExtendedLifetime(lock) {} }
        let again = try self.status(of: record)
        guard again.isStale else { return again }
        return try cleanedStatus(ofStale: again, restarting: isWanted)
    }

    private func cleanedStatus(
        ofStale status: ContainerStatus, restarting isWanted: Bool
    ) throws(Problem) -> ContainerStatus? {
        let record = status.record
        var isRemoved = false
        try withStartHeld(of: record.id) { () throws(Problem) in
            // One that cannot leave its networks stays until somebody removes it.
            guard record.request.isRemovedAfterExit,
                (try? leavePluginNetworks(of: record.id)) != nil
            else { return try finish(status) }
            isRemoved = true
            _ = try delete(
                record, withVolumes: true, filesGo: .atOnce, pluginsMayRefuse: false)
        }
        if isRemoved { return nil }
        if isWanted { try restartLost(record) }
        return try self.status(of: record)
    }

    /// The same for a command that names the container: one that was removed is dead.
    func settledStatus(
        of record: ContainerRecord, restarting isWanted: Bool
    ) throws(Problem) -> ContainerStatus {
        if let status = try cleanedStatus(of: record, restarting: isWanted) { return status }
        return try status(of: record)
    }

    /// Does for a container that lost its monitor what the monitor would have done after the end.
    ///
    /// What the machine's end ended waits for the command that starts containers at boot. A start
    /// that fails is noted, and is no failure of the command that came by.
    private func restartLost(_ record: ContainerRecord) throws(Problem) {
        let path = configuration.bundle(of: record.id).lifecycle
        guard let lost = try Lifecycle(at: path), lost.bootID == (try bootID()),
            ContainerRuntime.RestartPolicy(record.request.restartPolicy).runsAgain(
                exitCode: lost.exitCode, restartCount: lost.restartCount,
                wasStopped: lost.wasStoppedByUser)
        else { return }
        do throws(Problem) {
            _ = try start(record, [], restartCount: lost.restartCount + 1)
        } catch {
            guard var now = try Lifecycle(at: path), now.status == .exited else { return }
            now.error = error.description
            try now.write(to: path)
        }
    }

    /// Removes directories of containers that have no row and that nobody holds: a creation or a
    /// removal that did not come to its end.
    func removeOrphans(knowing known: Set<String>) throws(Problem) {
        if plan != nil { return }
        try removeAbandonedScratch()
        let directory = configuration.containersDirectory
        for entry in try entriesIfPresent(of: directory) {
            let name = entry.name.string
            if name.hasPrefix(RemovedBundle.prefix) {
                try removeLeftover(directory.appending(entry.name))
            } else if name.hasPrefix(".new-") {
                try removeUnfinished(directory.appending(entry.name))
            } else if !known.contains(name), name.utf8.count == 64 {
                try removeOrphan(id: name)
            } else if known.contains(name) {
                try LayerCopy.removeUnfinished(in: directory.appending(entry.name))
            }
        }
    }

    private func removeOrphan(id: String) throws(Problem) {
        let bundle = configuration.bundle(of: id)
        let lock: FileLock?
        do throws(SystemCallError) {
            lock = try FileLock.ifFree(bundle.lock, .exclusive)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(what: "cannot lock \(bundle.directory)", refusal: error)
        }
        guard let lock else { return }
        defer { withExtendedLifetime(lock) {} }
        // Asked again under the lock: it may have got its row since.
        guard
            try database.read({ database throws(Problem) in try database.container(id: id) }) == nil
        else { return }
        try withStartHeld(of: id) { () throws(Problem) in
            try removeRuntimeState(of: id)
            // What plugins refuse now they may do for a later command.
            guard try leavePluginNetworks(ofOrphan: id) else { return }
            try database.write { database throws(Problem) in
                try database.delete(endpointsOfStep: id)
            }
            try removeHostRootfs(of: id)
            try removeDirectory(of: id, filesGo: .atOnce)
        }
    }

    /// Removes a directory that was never finished, unless it is just being made.
    private func removeUnfinished(_ path: FilePath) throws(Problem) {
        do throws(SystemCallError) {
            let status = try FileStatus(ofLink: path)
            let age = Timestamp.now.nanosecondsSinceEpoch / 1_000_000_000 - status.modified.seconds
            // It exists for a millisecond before its lock is held.
            guard age > 10, let lock = try FileLock.ifFree(path.appending("lock"), .exclusive)
            else { return }
            try Directory.removeTree(path)
            _ = consume lock
        } catch  where error.errno == .noSuchFileOrDirectory {
            return  // it was finished
        } catch {
            throw Problem(what: "cannot remove \(path)", refusal: error)
        }
    }

    /// Removes a tree that was given another name for that.
    func removeLeftover(_ path: FilePath) throws(Problem) {
        do throws(SystemCallError) {
            try removeBundle(path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return  // its remover is at work
        } catch {
            throw Problem(what: "cannot remove \(path)", refusal: error)
        }
    }
}
