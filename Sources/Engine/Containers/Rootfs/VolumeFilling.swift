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
        _ filling: VolumeFilling, of record: ContainerRecord
    ) throws(Problem) {
        let lower = try Snapshots(root: configuration.dataRoot).lower(of: record.diffIDs())
        try explaining("cannot copy \(filling.target) of the image into its volume") {
            () throws(SystemCallError) in
            // Its descriptor keeps the mount until the copy is done; nobody else sees it.
            let image = RootedDirectory(
                adopting: try OverlayMount(lower: lower, upper: nil, work: nil)
                    .open(through: configuration.bundle(of: record.id).rootfs))
            let lock = try FileLock(configuration.volumeLock(filling.volume), .exclusive)
            defer { withExtendedLifetime(lock) {} }
            guard let copy = try empty(filling) else { return }
            let maps = record.request.namespaces.userMaps
            try copy.fill(with: filling.target, of: image, ownersIn: maps)
            // As Podman does, what nobody has had belongs to the container's root.
            let status = try FileStatus(of: copy)
            if let root = maps?.root, status.owner == 0, status.group == 0 {
                try copy.changeOwner(user: root.user, group: root.group)
            }
        }
    }

    /// A volume that may get content.
    private struct VolumeFilling {
        let volume: String
        let subpath: FilePath
        let target: FilePath
    }

    private func fillings(
        of record: ContainerRecord, recording steps: inout StepRecorder
    ) throws(Problem) -> [VolumeFilling] {
        var fillings: [VolumeFilling] = []
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
            let filling = VolumeFilling(
                volume: use.name, subpath: FilePath(volume.subpath ?? "/"),
                target: FilePath(mount.target))
            if try isEmpty(filling), volume.isCopiedUp { fillings.append(filling) }
        }
        return fillings
    }

    private func isEmpty(_ filling: VolumeFilling) throws(Problem) -> Bool {
        // A volume that is only planned has no directory.
        if plan != nil, !File.exists(configuration.volume(filling.volume)) { return true }
        return try explaining("cannot look into the volume \(filling.volume)") {
            () throws(SystemCallError) -> Bool in
            if case .some = try empty(filling) { true } else { false }
        }
    }

    /// The directory to fill; nil where it has content already, or is none.
    private func empty(_ filling: VolumeFilling) throws(SystemCallError) -> OwnedFD? {
        let root = try RootedDirectory(at: configuration.volume(filling.volume))
        guard try root.status(of: filling.subpath)?.kind == .directory else { return nil }
        let directory = try root.open(filling.subpath, [.readOnly, .directory])
        guard try directory.listDirectory().isEmpty else { return nil }
        return directory
    }
}
