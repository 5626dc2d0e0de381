import Diagnostics
import Linux
import OCI

/// What a container uses beside its own image: volumes, and images that it mounts.
struct ContainerUses: Sendable, Equatable {
    var volumes: [VolumeUse] = []
    var images: [ImageUse] = []
}

extension EngineContext {
    /// What the request of a new container names, with an ID for each anonymous volume.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - inherited: what it has from `--volumes-from`.
    /// - Returns: what to note in the database.
    /// - Throws: what is wrong with a volume that has to be made, or an image that is not here.
    func uses(
        of record: ContainerRecord, inheriting inherited: ContainerUses
    ) throws(Problem) -> ContainerUses {
        var uses = inherited
        for mount in record.request.mounts where !mount.isInherited {
            switch mount.kind {
            case .bind, .tmpfs: continue
            case .volume(let volume):
                let name = volume.name ?? Random.hexadecimal(bytes: 32)
                try check(newVolume: name, driver: volume.driver ?? "", options: volume.options)
                uses.volumes.append(
                    VolumeUse(
                        name: name, isAnonymous: volume.name == nil, target: mount.target,
                        labels: volume.labels, options: volume.options))
            case .image(let request):
                let image = try imageStore().image(named: request.image, platform: nil)
                uses.images.append(
                    ImageUse(
                        target: mount.target, image: "\(image.id)",
                        layers: image.configuration.rootfs.diffIDs.map(\.description)))
            }
        }
        return uses
    }

    /// Gives a request the mounts of the containers that its `--volumes-from` names.
    ///
    /// As in Docker these are bind mounts and volumes, but no tmpfs; what the request itself mounts
    /// in the same place wins, and anonymous volumes go with the last container that has them.
    ///
    /// - Returns: the volumes behind them.
    /// - Throws: what is wrong with the flag, or a container that is not there.
    func inheritMounts(into request: inout ContainerRequest) throws(Problem) -> ContainerUses {
        var inherited = ContainerUses()
        var mounts: [MountRequest] = []
        let own = Set(request.mounts.map(\.normalizedTarget))
        for text in request.volumesFrom {
            let from = try VolumesFrom(text)
            let source = try record(of: from.container)
            let uses = try database.read { database throws(Problem) in
                ContainerUses(
                    volumes: try database.volumes(ofContainer: source.id),
                    images: try database.mountedImages(ofContainer: source.id))
            }
            for var mount in source.request.mounts where !own.contains(mount.normalizedTarget) {
                if case .tmpfs = mount.kind { continue }
                // A later container's mount wins over an earlier one's.
                mounts.removeAll { $0.normalizedTarget == mount.normalizedTarget }
                mount.isInherited = true
                if from.isReadOnly { mount.isReadOnly = true }
                if case .volume(var volume) = mount.kind {
                    volume.name = uses.volumes.first { $0.target == mount.target }?.name
                    mount.kind = .volume(volume)
                }
                mounts.append(mount)
            }
            let targets = Set(mounts.map(\.target))
            inherited.volumes.removeAll { use in uses.volumes.contains { $0.target == use.target } }
            inherited.volumes += uses.volumes.filter { targets.contains($0.target) }
            inherited.images.removeAll { use in uses.images.contains { $0.target == use.target } }
            inherited.images += uses.images.filter { targets.contains($0.target) }
        }
        request.mounts = mounts + request.mounts
        return inherited
    }
}

/// One `--volumes-from`: `NAME[:ro|rw]`.
struct VolumesFrom: Sendable, Equatable {
    var container: String
    var isReadOnly: Bool

    init(_ text: String) throws(Problem) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot use --volumes-from \(text)",
                why: "malformed volumes-from specification: \(text)", fix: "write CONTAINER[:ro]")
        }
        container = String(name)
        isReadOnly = false
        for option in parts.count > 1 ? parts[1].split(separator: ",") : [] {
            switch option {
            case "ro": isReadOnly = true
            case "rw", "z", "Z": break
            default:
                throw Problem(
                    kind: .invalid, what: "cannot use --volumes-from \(text)",
                    why: "invalid mode: \(parts[1])", fix: "write CONTAINER[:ro]")
            }
        }
    }
}

extension MountRequest {
    /// The target without a needless slash.
    var normalizedTarget: String { "/" + target.split(separator: "/").joined(separator: "/") }
}
