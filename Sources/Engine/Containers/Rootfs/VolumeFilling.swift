import ContainerRuntime
import Diagnostics
import Linux
import Storage
import SystemPackage

extension EngineContext {
    /// Gives the empty volumes of a new container what the image has in their place.
    ///
    /// As in Docker this happens when the container is made, so that others see it before it ever
    /// runs. What a volume's options mount is filled by the monitor, which mounts it.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - steps: where the steps are noted.
    /// - Throws: what keeps a volume from being made or filled.
    func fillVolumes(
        of record: ContainerRecord, recording steps: inout StepRecorder
    ) throws(Problem) {
        let fillings = try fillings(of: record, recording: &steps)
        guard !fillings.isEmpty, !record.layers.isEmpty else { return }
        if plan == nil { try showLayers(of: record) }  // those that arrive are waited for
        for filling in fillings {
            let volume = configuration.volume(filling.volume)
            try steps.perform(.fillVolume(volume, from: filling.target)) { () throws(Problem) in
                try fill(filling, of: record)
            }
        }
    }

    private func fill(
        _ filling: Candidate, of record: ContainerRecord
    ) throws(Problem) {
        let isCopied = try storageDriver(of: record) == .vfs
        // A copy belongs to the users of the container's namespace already.
        let maps = isCopied ? nil : record.request.namespaces.userMaps
        let files = try filesOfImage(of: record, isCopied: isCopied)
        try explaining("cannot copy \(filling.target) of the image into its volume") {
            () throws(SystemCallError) in
            // Its descriptor keeps the mount until the copy is done; nobody else sees it.
            let image = RootedDirectory(
                adopting: try files.open(through: configuration.bundle(of: record.id).rootfs))
            let lock = try FileLock(configuration.volumeLock(filling.volume), .exclusive)
            defer { withExtendedLifetime(lock) {} }
            guard let volume = try opened(filling.volume, filling.subpath) else { return }
            try VolumeFilling.fill(volume, with: filling.target, of: image, ownersIn: maps)
            // As Podman does, what nobody has had belongs to the container's root.
            let status = try FileStatus(of: volume)
            if let root = record.request.namespaces.userMaps?.root, status.owner == 0,
                status.group == 0
            {
                try volume.changeOwner(user: root.user, group: root.group)
            }
        }
    }

    /// What the image has: in the container's root where that is a copy.
    private func filesOfImage(
        of record: ContainerRecord, isCopied: Bool
    ) throws(Problem) -> Snapshot {
        if isCopied { return try snapshot(of: record).snapshot(of: record) }
        let lower = try Snapshots(root: configuration.dataRoot).lower(of: record.diffIDs())
        return .overlay(OverlayMount(lower: lower, upper: nil, work: nil))
    }

    /// A volume that may get content.
    private struct Candidate {
        let volume: String
        let subpath: FilePath
        let target: FilePath
    }

    private func fillings(
        of record: ContainerRecord, recording steps: inout StepRecorder
    ) throws(Problem) -> [Candidate] {
        var fillings: [Candidate] = []
        var uses: [VolumeUse]?
        for mount in record.request.mounts {
            guard case .volume(let volume) = mount.kind, !mount.isInherited else { continue }
            if uses == nil {
                uses = try database.read { database throws(Problem) in
                    try database.volumes(ofContainer: record.id)
                }
            }
            guard let use = uses?.first(where: { $0.target == mount.target }), use.options.isEmpty
            else { continue }
            let path = configuration.volume(use.name)
            if !File.exists(path) {
                try steps.record(.makeVolume(path)) { () throws(Problem) in
                    try makeDirectory(ofVolume: use.name)
                }
            }
            let filling = Candidate(
                volume: use.name, subpath: FilePath(volume.subpath ?? "/"),
                target: FilePath(mount.target))
            try finishFilling(ofVolume: use.name, filling.subpath)
            if try isEmpty(filling), volume.isCopiedUp { fillings.append(filling) }
        }
        return fillings
    }

    private func isEmpty(_ filling: Candidate) throws(Problem) -> Bool {
        // A volume that is only planned has no directory.
        if plan != nil, !File.exists(configuration.volume(filling.volume)) { return true }
        return try explaining("cannot look into the volume \(filling.volume)") {
            () throws(SystemCallError) -> Bool in
            guard let directory = try opened(filling.volume, filling.subpath) else {
                return false
            }
            return try directory.listDirectory().isEmpty
        }
    }

    /// Brings the filling of a volume to its end that somebody has begun and was killed in; where
    /// somebody is at it, waits for that.
    ///
    /// - Parameters:
    ///   - name: the volume, which has a directory.
    ///   - subpath: what of it was filled.
    /// - Throws: what keeps it from being finished.
    func finishFilling(ofVolume name: String, _ subpath: FilePath) throws(Problem) {
        let path = configuration.volume(name)
        if plan != nil, !File.exists(path) { return }
        let what = "cannot finish the filling of volume \(name)"
        let isUnfinished = try explaining(what) { () throws(SystemCallError) -> Bool in
            guard let directory = try opened(name, subpath) else { return false }
            return try VolumeFilling.isUnfinished(in: directory)
        }
        guard isUnfinished else { return }
        try step(.finishFilling(ofVolume: path)) { () throws(Problem) in
            try explaining(what) { () throws(SystemCallError) in
                let lock = try FileLock(configuration.volumeLock(name), .exclusive)
                defer { withExtendedLifetime(lock) {} }
                guard let directory = try opened(name, subpath) else { return }
                try VolumeFilling.finish(in: directory)
            }
        }
    }

    /// A directory of a volume; nil where there is none.
    private func opened(
        _ volume: String, _ subpath: FilePath
    ) throws(SystemCallError) -> OwnedFD? {
        let root = try RootedDirectory(at: configuration.volume(volume))
        guard try root.status(of: subpath)?.kind == .directory else { return nil }
        return try root.open(subpath, [.readOnly, .directory])
    }
}
