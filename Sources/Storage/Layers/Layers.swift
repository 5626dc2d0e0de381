package import Diagnostics
package import Linux
package import OCI
package import SystemPackage

/// The layers of images, ready to be mounted: `layers/sha256/<diffID>` in the data root.
///
/// Its files are in `diff`, or are shown there when they are needed: see ``Snapshotter``.
/// A layer is there whole or not at all: it is unpacked as `<diffID>.partial`, under a lock on that
/// directory, and renamed when its digest is right. What that means when the machine goes down
/// before the disk has it, ``flush()`` says.
package struct Layers: Sendable {
    /// The directory that holds them.
    package let directory: FilePath
    /// How large an archive may be that is unpacked.
    package var archiveLimit = ArchiveLimit.usual
    /// How new layers are kept.
    package var snapshotter = SnapshotterChoice.directory
    /// The machine's boot, where it is not the present one; for tests.
    private let boot: String?

    /// Opens the layers below a data root, and makes their directory where it is missing.
    package init(root: FilePath) throws(Problem) { try self.init(root: root, boot: nil) }

    /// Opens the layers, with what the environment says about new ones.
    package init(root: FilePath, environment: (String) -> String?) throws(Problem) {
        try self.init(root: root)
        archiveLimit = try ArchiveLimit(environment: environment)
        snapshotter = try SnapshotterChoice(environment: environment)
    }

    /// ``init(root:)`` as in another boot of the machine.
    init(root: FilePath, boot: String?) throws(Problem) {
        directory = root.appending("layers")
        self.boot = boot
        let (directory, nothing) = (directory, Self.empty(in: directory))
        try asking("cannot open the layers in \(directory)") { () throws(SystemCallError) in
            try Directory.makeAll(
                directory.appending("sha256"), permissions: .privateDirectory)
            try Directory.makeAll(nothing, permissions: .storeDirectory)
        }
    }

    /// The layers below a data root, which need not be there, for who changes nothing.
    package init(reading root: FilePath) {
        directory = root.appending("layers")
        boot = nil
    }

    /// Opens the layers below a data root where there are any.
    package init?(existingIn root: FilePath) {
        directory = root.appending("layers")
        boot = nil
        guard File.exists(directory) else { return nil }
    }

    /// Whether a layer is unpacked, and whole.
    package func contains(_ diffID: Digest) -> Bool { wholeRecord(of: diffID) != nil }

    /// What is known of a layer; nil where it is not there, or not whole.
    package func wholeRecord(of diffID: Digest) -> LayerRecord? {
        guard let record = try? record(of: diffID) else { return nil }  // so it is not whole
        return record.isWhole(inBoot: currentBoot) ? record : nil
    }

    /// The root of a layer's files: a lower directory of an overlay.
    ///
    /// They are visible there after ``show(_:)``.
    package func path(of diffID: Digest) -> FilePath { place(of: diffID).appending(Self.files) }

    /// Makes a layer's files visible.
    ///
    /// - Returns: their root, ``path(of:)``.
    /// - Throws: `.notFound` when the layer is not there or not whole; what the kernel refuses.
    @discardableResult
    package func show(_ diffID: Digest) throws(Problem) -> FilePath {
        guard try showIfWhole(diffID) else {
            throw Problem(
                kind: .notFound, what: "cannot use the layer \(diffID)",
                why: "it is not unpacked in \(directory)", fix: "pull the image again")
        }
        return path(of: diffID)
    }

    /// ``show(_:)``, but that a layer which is not there, or not whole, is no error.
    ///
    /// - Returns: whether its files are visible now.
    package func showIfWhole(_ diffID: Digest) throws(Problem) -> Bool {
        guard let record = wholeRecord(of: diffID) else { return false }
        let place = place(of: diffID)
        try asking("cannot show the files of the layer \(diffID)") {
            () throws(SystemCallError) in try record.kind.snapshotter.show(place)
        }
        return true
    }

    /// What is known of a layer.
    package func record(of diffID: Digest) throws(Problem) -> LayerRecord {
        let file = place(of: diffID).appending(Self.recordName)
        let bytes = try asking("cannot read about the layer \(diffID)") {
            () throws(SystemCallError) in try File.read(file)
        }
        return try LayerRecord(json: bytes, named: "\(file)")
    }

    /// All layers that are unpacked.
    package func list() throws(Problem) -> [Digest] {
        let directory = directory
        guard File.exists(directory) else { return [] }
        let entries = try asking("cannot list the layers in \(directory)") {
            () throws(SystemCallError) in try Directory.list(directory.appending("sha256"))
        }
        var digests: [Digest] = []
        for entry in entries where !entry.name.string.contains(".") {
            digests.append(try Digest(parsing: "sha256:\(entry.name.string)"))
        }
        return digests
    }

    /// Lets a layer that is an archive share the file of the same blob, so that it is there once.
    ///
    /// Whoever has mounted the layer goes on with the file that it had.
    package func share(_ blob: FilePath, as diffID: Digest) throws(SystemCallError) {
        let archive = place(of: diffID).appending(ErofsSnapshotter.archive)
        guard File.exists(archive), try !isShared(blob, as: diffID) else { return }
        let new = FilePath("\(archive).\(Random.hexadecimal(bytes: 4))")
        try Link.makeHard(at: new, to: blob)
        try Link.rename(new, to: archive)
    }

    /// Whether a layer's archive and a blob are one file.
    package func isShared(_ blob: FilePath, as diffID: Digest) throws(SystemCallError) -> Bool {
        let archive = place(of: diffID).appending(ErofsSnapshotter.archive)
        guard File.exists(archive), File.exists(blob) else { return false }
        return try FileStatus(of: archive).identity == FileStatus(of: blob).identity
    }

    /// Removes a layer that nothing uses; no error when it is not there.
    ///
    /// The caller makes sure that no container has it mounted.
    package func remove(_ diffID: Digest) throws(Problem) {
        let place = place(of: diffID)
        let removed = FilePath("\(place).removed-\(Random.hexadecimal(bytes: 4))")
        do throws(SystemCallError) {
            try Link.rename(place, to: removed)  // at once and as a whole
        } catch  where error.errno == .noSuchFileOrDirectory {
            return
        } catch {
            throw Problem(error, what: "cannot remove the layer \(diffID)")
        }
        try asking("cannot remove the layer \(diffID)") { () throws(SystemCallError) in
            let held = try OwnedFD.open(removed, [.readOnly, .directory])
            guard try held.lock(.exclusive, wait: false, "\(removed)") else { return }
            try Self.removeTree(removed)
        }
        try collectMerged()
    }

    /// The machine's present boot, or nil when the kernel does not say.
    package func currentBoot() -> String? {
        boot ?? (try? BootID.current())  // without it, what waits to be flushed counts as lost
    }

    /// The data of files that layers share.
    package var objects: LayerObjects { LayerObjects(layers: directory) }

    /// Images of several layers, each under the digest of their names: see MergedLayers.swift.
    var merged: Layers { Layers(directory: directory.appending("merged"), boot: boot) }

    private init(directory: FilePath, boot: String?) {
        self.directory = directory
        self.boot = boot
    }

    /// The lower directory of an image without layers.
    var empty: FilePath { Self.empty(in: directory) }

    /// The name of a layer's files in its place.
    package static let files: FilePath.Component = "diff"
    /// The name of a layer's record in its place.
    static let recordName: FilePath.Component = "layer.json"

    func place(of diffID: Digest) -> FilePath {
        directory.appending(diffID.algorithm).appending(diffID.encoded)
    }

    private static func empty(in directory: FilePath) -> FilePath {
        directory.appending("empty")
    }
}

extension Layers {
    /// Removes what dead processes left: unfinished and half removed layers that nobody holds.
    package func sweep() throws(Problem) {
        let arrivals = self
        let directory = directory.appending("sha256")
        try asking("cannot clear up the layers in \(directory)") { () throws(SystemCallError) in
            try arrivals.sweepArrivals()
            for path in try arrivals.passing() {
                let held: OwnedFD
                do throws(SystemCallError) {
                    held = try OwnedFD.open(path, [.readOnly, .directory, .noFollow])
                } catch  where error.errno == .noSuchFileOrDirectory {
                    continue
                }
                guard try held.lock(.exclusive, wait: false, "\(path)") else { continue }
                try Self.removeTree(path)
            }
        }
    }

    /// What no layer is, or not yet: places that are being unpacked or removed, and trials.
    private func passing() throws(SystemCallError) -> [FilePath] {
        let places = self.directory.appending("sha256")
        return try Directory.list(places).filter { $0.name.string.contains(".") }
            .map { places.appending($0.name) }
            + Directory.list(directory).filter { $0.name.string.hasPrefix(Self.trial) }
            .map { directory.appending($0.name) }
    }

    /// The places that are being unpacked.
    func partials() throws(Problem) -> [FilePath] {
        let layers = self
        return try asking("cannot list the layers in \(directory)") {
            () throws(SystemCallError) in
            try layers.passing().filter { $0.extension == "partial" }
        }
    }

    /// How the names of the probes' directories begin.
    static let trial = "trial-"

    /// Removes a layer's place with all that is in it; what is mounted there is unmounted.
    private static func removeTree(_ place: FilePath) throws(SystemCallError) {
        while try isMounted(in: place) {
            try Mount.unmount(place.appending(files), isDetached: true)
        }
        // In other mount namespaces the kernel unmounts it with the mount point's end.
        try Directory.removeTree(place)
    }

    /// Whether a layer's files are a mount.
    static func isMounted(in place: FilePath) throws(SystemCallError) -> Bool {
        let files: FileStatus
        do throws(SystemCallError) {
            files = try FileStatus(ofLink: place.appending(Self.files))
        } catch  where error.errno == .noSuchFileOrDirectory {
            return false
        }
        return try files.identity.device != FileStatus(of: place).identity.device
    }

    /// Makes the directory that a layer is unpacked in, empty and locked.
    ///
    /// Waits while another process unpacks the same layer.
    ///
    /// - Returns: nil when the layer is there.
    package func beginPartial(_ diffID: Digest) throws(Problem) -> PartialLayer? {
        let place = place(of: diffID)
        let partial = FilePath("\(place).partial")
        while !contains(diffID) {
            var locked = try asking("cannot unpack the layer \(diffID)") {
                () throws(SystemCallError) -> OwnedFD? in
                try Self.lockedDirectory(partial)
            }
            guard let held = locked.take() else { continue }
            if contains(diffID) { return nil }
            try remove(diffID)  // what is left of one that is not whole
            do throws(SystemCallError) {
                return try PartialLayer(clearing: partial, held: held, place: place)
            } catch {
                throw Problem(error, what: "cannot unpack the layer \(diffID)")
            }
        }
        return nil
    }

    private static func lockedDirectory(_ path: FilePath) throws(SystemCallError) -> OwnedFD? {
        do throws(SystemCallError) {
            try Directory.make(path, permissions: .privateDirectory)
        } catch  where error.errno == .fileExists {}
        do throws(SystemCallError) {
            let held = try OwnedFD.open(path, [.readOnly, .directory, .noFollow])
            guard try held.lock(.exclusive, wait: true, "\(path)"),
                try FileStatus(ofLink: path).identity == FileStatus(of: held).identity
            else { return nil }
            return held
        } catch  where error.errno == .noSuchFileOrDirectory {
            return nil  // whoever held it finished or removed it meanwhile
        }
    }
}

/// A layer that is being unpacked, and the lock on it.
package struct PartialLayer: ~Copyable, Sendable {
    package let path: FilePath
    private let held: OwnedFD
    private let place: FilePath

    init(
        clearing path: FilePath, held: consuming OwnedFD, place: FilePath
    ) throws(SystemCallError) {
        self.path = path
        self.held = held
        self.place = place
        for entry in try Directory.list(path) {
            try Directory.removeTree(path.appending(entry.name))
        }
        let diff = path.appending(Layers.files)
        try Directory.make(diff, permissions: .storeDirectory)
        try File.changePermissions(of: diff, to: .storeDirectory)  // whatever the umask
    }

    /// Puts the layer in place.
    package consuming func commit(_ record: LayerRecord) throws(SystemCallError) {
        try File.create(
            path.appending(Layers.recordName), content: record.json(), permissions: .storeFile)
        try Link.rename(path, to: place)
    }
}
