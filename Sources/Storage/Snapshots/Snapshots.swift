package import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// The writable layers of containers, on top of the layers of their images.
///
/// They are overlayfs mounts (Documentation/filesystems/overlayfs.rst): `lowerdir` are the image's
/// layers, `upperdir` is `containers/<id>/upper` of the data root and `workdir` is `work` beside
/// it. The mount is a value: no container's root is mounted here. Where the storage driver is vfs,
/// `containers/<id>/root` is a copy of the layers in its place.
package struct Snapshots: Sendable {
    private let containers: FilePath
    private let layers: Layers
    /// How new ones are made.
    package var driver = StorageDriver.Choice.overlay
    /// Whether a trial that worked is noted for the next ones.
    package var notesTrial = true

    /// The snapshots below a data root.
    package init(root: FilePath) throws(Problem) {
        containers = root.appending("containers")
        layers = try Layers(root: root)
    }

    /// Makes a container's writable layer on an image.
    ///
    /// - Parameters:
    ///   - id: the container's ID.
    ///   - diffIDs: the image's layers, the lowest first, as its configuration lists them.
    /// - Returns: what to mount as the container's root. Layers that can be used while they arrive
    ///   are where they do.
    /// - Throws: `.notFound` when a layer is not unpacked.
    package func prepare(
        container id: String, layers diffIDs: [Digest]
    ) throws(Problem) -> OverlayMount {
        let lower = try lower(of: diffIDs, takesArriving: true)
        return try prepareSettling(in: containers.appending(id), lower: lower)
    }

    /// How the files in a container's directory are kept, or will be where there are none yet.
    ///
    /// - Throws: what keeps the trial of an overlay from being made.
    package func driver(in directory: FilePath) throws(Problem) -> StorageDriver {
        if LayerCopy.isThere(in: directory) { return .vfs }
        if File.exists(directory.appending("upper")) { return .overlay }
        return try newDriver()
    }

    /// How new files are kept.
    ///
    /// - Throws: what keeps the trial of an overlay from being made.
    package func newDriver() throws(Problem) -> StorageDriver {
        try driver.driver(in: layers.directory, notesTrial: notesTrial)
    }

    /// Makes what a build's step writes to, in a directory of its own.
    ///
    /// It does not outlive the machine's end.
    ///
    /// - Parameters:
    ///   - directory: gets what is written; made where it is missing.
    ///   - diffIDs: the layers, the lowest first; all have arrived.
    /// - Returns: the layers' files, which may be changed.
    /// - Throws: `.notFound` when a layer is not unpacked; `.exhausted` when the disk is full.
    package func prepareStep(
        in directory: FilePath, layers diffIDs: [Digest]
    ) throws(Problem) -> Snapshot {
        let lower = try lower(of: diffIDs)
        switch try driver(in: directory) {
        case .overlay: return .overlay(try prepare(in: directory, lower: lower))
        case .vfs:
            let copy = LayerCopy(in: directory, lower: lower, ownersIn: nil)
            try copy.make(lasts: false)
            return .copy(copy)
        }
    }

    /// ``prepare(in:lower:)`` on layers of which some may arrive at this moment: what is gone from
    /// where they arrive has come to where they stay.
    func prepareSettling(
        in directory: FilePath, lower: [FilePath]
    ) throws(Problem) -> OverlayMount {
        var lower = lower
        while true {
            do throws(Problem) {
                return try prepare(in: directory, lower: lower)
            } catch {
                let settled = try layers.settledPaths(of: lower)
                guard settled != lower else { throw error }
                lower = settled
            }
        }
    }

    /// The lower directories of an image, the uppermost first, with their files visible.
    package func lower(of diffIDs: [Digest]) throws(Problem) -> [FilePath] {
        try lower(of: diffIDs, takesArriving: false)
    }

    private func lower(
        of diffIDs: [Digest], takesArriving: Bool
    ) throws(Problem) -> [FilePath] {
        var paths: [FilePath] = []
        for diffID in diffIDs.reversed() {
            let isArriving =
                takesArriving && !layers.contains(diffID) && layers.arrival(of: diffID) != nil
            let path =
                isArriving ? layers.arrivingPath(of: diffID) : try layers.show(diffID)
            if !paths.contains(path) { paths.append(path) }
        }
        return paths.isEmpty ? [layers.empty] : paths
    }

    /// Makes a writable layer in a directory, on any lower directories.
    ///
    /// Its root has the owner and mode of the uppermost lower one, because an overlay shows those.
    ///
    /// - Parameters:
    ///   - directory: gets `upper` and `work`; made where it is missing.
    ///   - lower: the lower directories, the uppermost first.
    /// - Returns: what to mount.
    /// - Throws: `.exhausted` when the disk is full; what the kernel refuses.
    package func prepare(
        in directory: FilePath, lower: [FilePath]
    ) throws(Problem) -> OverlayMount {
        let (upper, work) = (directory.appending("upper"), directory.appending("work"))
        try asking("cannot make a writable layer in \(directory)") { () throws(SystemCallError) in
            try Directory.makeAll(directory, permissions: .privateDirectory)
            try Directory.makeAll(upper, permissions: .storeDirectory)
            try Directory.makeAll(work, permissions: .privateDirectory)
            guard let top = lower.first else { return }
            let status = try FileStatus(of: top)
            let own = try FileStatus(of: upper)
            if (own.owner, own.group) != (status.owner, status.group) {
                try File.changeOwner(of: upper, user: status.owner, group: status.group)
            }
            try File.changePermissions(
                of: upper, to: FilePermissions(rawValue: status.permissions))
        }
        return OverlayMount(lower: lower, upper: upper, work: work)
    }

    /// Removes a container's writable layer, which must not be mounted; no error when it is gone.
    package func remove(container id: String) throws(Problem) {
        let directory = containers.appending(id)
        try asking("cannot remove the writable layer in \(directory)") {
            () throws(SystemCallError) in
            try Directory.removeTree(directory.appending("upper"))
            try Directory.removeTree(directory.appending("work"))
            try LayerCopy.remove(in: directory)
        }
    }
}
