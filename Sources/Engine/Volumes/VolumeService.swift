import ContainerRuntime
package import Diagnostics
import Linux
package import OCI
package import SystemPackage

/// Volumes, from creation to removal: directories of the data root, or what their options mount.
package struct VolumeService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }
}

/// What someone asks of a new volume.
package struct NewVolume: Sendable {
    /// nil is an anonymous one.
    package var name: String?
    package var driver = "local"
    package var labels: [String: String] = [:]
    /// What the driver mounts: `type`, `device` and `o`.
    package var options: [String: String] = [:]

    package init() {}
}

/// One line of `volume ls`.
package struct VolumeSummary: Sendable {
    package let name: String
    package let labels: [String: String]
    package let mountpoint: FilePath
}

extension VolumeService {
    /// Makes a volume; one that is there already stays as it is.
    ///
    /// - Returns: its name.
    /// - Throws: what is wrong with the name, the driver or its options.
    package func create(_ request: NewVolume) throws(Problem) -> String {
        let name = request.name ?? Random.hexadecimal(bytes: 32)
        try context.check(newVolume: name, driver: request.driver, options: request.options)
        let record = VolumeRecord(
            name: name, created: .now, isAnonymous: request.name == nil, labels: request.labels,
            options: request.options)
        let isNew = try context.database.write { database throws(Problem) in
            try database.insertIfMissing(record)
        }
        try context.makeDirectory(ofVolume: name)
        if isNew {
            context.plan?.note(.insert(volume: name), by: .engine)
            context.tell(.create, of: .volume, name, ["driver": "local"])
        }
        return name
    }

    /// Volumes by name.
    ///
    /// What removals that were killed have left goes on the way.
    package func list(_ filter: VolumeFilter) throws(Problem) -> [VolumeSummary] {
        try context.removeVolumeLeftovers()
        let matcher = try VolumeMatcher(filter)
        let found = try context.database.read { database throws(Problem) in
            let links = try database.volumeLinks()
            return try database.volumes().filter { matcher.matches($0, links: links[$0.name] ?? 0) }
        }
        return found.map { volume in
            VolumeSummary(
                name: volume.name, labels: volume.labels,
                mountpoint: context.configuration.volume(volume.name))
        }
    }

    /// A volume in the shape of `docker volume inspect`.
    package func inspect(_ name: String) throws(Problem) -> JSONValue {
        let volume = try context.database.read { database throws(Problem) in
            try database.volume(name)
        }
        guard let volume else { throw Self.noSuchVolume(name) }
        return [
            "CreatedAt": .string(volume.created.rfc3339InSeconds),
            "Driver": "local",
            "Labels": volume.labels.isEmpty ? .null : .map(volume.labels),
            "Mountpoint": .string(context.configuration.volume(name).string),
            "Name": .string(name),
            "Options": volume.options.isEmpty ? .null : .map(volume.options),
            "Scope": "local",
        ]
    }

    /// The names of all volumes; unlike ``list(_:)`` it changes nothing.
    package func names() throws(Problem) -> [String] {
        try context.database.read { database throws(Problem) in try database.volumes().map(\.name) }
    }

    /// Removes a volume that no container has.
    ///
    /// - Throws: ``Problem`` of kind `conflict` while one has it, of kind `notFound` where there is
    ///   none.
    package func remove(_ name: String) throws(Problem) {
        let lock = try lockUnused(name)
        defer { withExtendedLifetime(lock) {} }
        let removed = try context.database.write { database throws(Problem) in
            guard try database.volume(name) != nil else { throw Self.noSuchVolume(name) }
            let users = try database.containers(ofVolume: name)
            guard users.isEmpty else {
                throw Problem(
                    kind: .conflict, what: "remove \(name)",
                    why: "volume is in use - [\(users.joined(separator: ", "))]",
                    fix: "remove these containers first")
            }
            try database.delete(volume: name)
            return try context.setAside([name])
        }
        for volume in removed { try context.finishRemoval(of: volume) }
    }

    /// Keeps others from filling or reading a volume; nil for one that has no files.
    ///
    /// - Throws: `.conflict` when somebody does that just now.
    private func lockUnused(_ name: String) throws(Problem) -> FileLock? {
        guard context.plan == nil else { return nil }
        let isThere = try context.database.read { database throws(Problem) in
            try database.volume(name) != nil
        }
        guard isThere else { throw Self.noSuchVolume(name) }
        do throws(SystemCallError) {
            if let lock = try FileLock.ifFree(context.configuration.volumeLock(name), .exclusive) {
                return lock
            }
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil
        } catch {
            throw Problem(what: "cannot lock volume \(name)", refusal: error)
        }
        throw Problem(
            kind: .conflict, what: "remove \(name)",
            why: "volume is in use: somebody exports it, imports into it or fills it",
            fix: "wait until that is done")
    }

    static func noSuchVolume(_ name: String) -> Problem {
        Problem(
            kind: .notFound, what: "get \(name)", why: "no such volume",
            fix: "kade volume ls lists all volumes")
    }
}

/// A volume whose row is gone, and whose files are about to be.
struct RemovedVolume: Sendable {
    let name: String
    /// Where its directory is now, if it ever had one.
    let directory: FilePath
}

extension EngineContext {
    /// Refuses a new volume that cannot be.
    func check(
        newVolume name: String, driver: String, options: [String: String]
    ) throws(Problem) {
        if let complaint = VolumeNames.complaint(about: name) {
            throw Problem(kind: .invalid, what: "create \(name)", why: complaint)
        }
        try VolumeNames.check(driver: driver, of: name)
        _ = try LocalVolumeOptions(options, of: name)
    }

    /// Makes a volume's directory where it is missing.
    func makeDirectory(ofVolume name: String) throws(Problem) {
        let path = configuration.volume(name)
        guard !File.exists(path) else { return }
        try step(.makeVolume(path)) { () throws(Problem) in
            try explaining("cannot make the volume \(name)") { () throws(SystemCallError) in
                try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o755))
            }
        }
    }

    /// Gives the directories of volumes other names, whose rows the same transaction deletes: who
    /// makes a volume of the same name from then on gets a new one.
    ///
    /// - Returns: what the caller removes afterwards, by ``finishRemoval(of:)``.
    func setAside(_ volumes: [String]) throws(Problem) -> [RemovedVolume] {
        var removed: [RemovedVolume] = []
        for name in volumes {
            let aside = configuration.volumesDirectory.appending(
                Self.removedPrefix + Random.hexadecimal(bytes: 8))
            removed.append(RemovedVolume(name: name, directory: aside))
            if let plan {
                plan.note(.delete(volume: name), by: .engine)
                continue
            }
            try explaining("cannot remove volume \(name)") { () throws(SystemCallError) in
                do throws(SystemCallError) {
                    try Link.rename(configuration.volumesDirectory.appending(name), to: aside)
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return  // it was never made
                }
                do throws(SystemCallError) {
                    try Link.remove(configuration.volumeHolders(name))
                } catch  where error.errno == .noSuchFileOrDirectory {
                    return  // nothing was mounted for it
                }
            }
        }
        return removed
    }

    /// Removes the files of a volume that has no row any more.
    func finishRemoval(of volume: RemovedVolume) throws(Problem) {
        try step(.removeDirectory(configuration.volumesDirectory.appending(volume.name))) {
            () throws(Problem) in try removeLeftover(volume.directory)
        }
        tell(.destroy, of: .volume, volume.name, ["driver": "local"])
    }

    /// Removes what is left of volumes whose removal was killed.
    func removeVolumeLeftovers() throws(Problem) {
        if plan != nil { return }
        let directory = configuration.volumesDirectory
        for entry in try entriesIfPresent(of: directory)
        where entry.name.string.hasPrefix(Self.removedPrefix) {
            try removeLeftover(directory.appending(entry.name))
        }
    }

    /// How directories of removed volumes begin, which no volume's name does.
    private static let removedPrefix = ".removed-"
}
