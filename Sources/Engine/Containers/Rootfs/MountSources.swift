import ContainerRuntime
import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

/// The mounts of a container, and what its monitor mounts first.
struct ResolvedMounts: Sendable, Equatable {
    var mounts: [ResolvedMount] = []
    var sources: [MonitorConfiguration.Source] = []
}

extension EngineContext {
    /// The request's mounts with paths of the host in the place of volumes and images; what is
    /// missing is made where the request allows it.
    func resolvedMounts(
        of record: ContainerRecord, users: ContainerUsers
    ) throws(Problem) -> ResolvedMounts {
        let mounts = record.request.mounts
        guard !mounts.isEmpty else { return ResolvedMounts() }
        let uses = try database.read { database throws(Problem) in
            (
                volumes: try database.volumes(ofContainer: record.id),
                images: try database.mountedImages(ofContainer: record.id)
            )
        }
        var resolver = MountResolver(context: self, bundle: configuration.bundle(of: record.id))
        for mount in mounts {
            switch mount.kind {
            case .bind(let bind):
                try prepare(bind)
                let owners = try bind.owner.map { owner throws(Problem) in
                    try users.swap(owner, ofSource: FilePath(bind.source))
                }
                guard !bind.isOverlaid else {
                    try resolver.addOverlaid(mount, bind, owners: owners)
                    continue
                }
                resolver.add(
                    mount,
                    .bind(
                        path: bind.source, propagation: bind.propagation ?? "rprivate",
                        recursion: bind.recursion), owners: owners)
            case .tmpfs(let request): resolver.add(mount, .tmpfs(request))
            case .volume(let volume):
                guard let use = uses.volumes.first(where: { $0.target == mount.target }) else {
                    throw Self.unrecorded(mount)
                }
                try resolver.add(mount, volume, use, users)
            case .image(let image):
                guard let use = uses.images.first(where: { $0.target == mount.target }) else {
                    throw Self.unrecorded(mount)
                }
                try resolver.add(mount, image, use, users)
            }
        }
        return resolver.resolved
    }

    private static func unrecorded(_ mount: MountRequest) -> Problem {
        Problem(
            kind: .bug, what: "cannot mount what belongs at \(mount.target)",
            why: "the database has no row for it")
    }

    private func prepare(_ bind: BindRequest) throws(Problem) {
        try makeSource(of: bind)
        try checkPropagation(of: bind)
    }

    /// Refuses a mount whose events cannot travel as asked, as Docker does.
    private func checkPropagation(of bind: BindRequest) throws(Problem) {
        let isShared: Bool
        switch bind.propagation {
        case "shared", "rshared": isShared = true
        case "slave", "rslave": isShared = false
        default: return
        }
        let source = try explaining("cannot find the mount that holds \(bind.source)") {
            () throws(SystemCallError) in
            try MountTable.current().entry(holding: FilePath(bind.source))
        }
        guard let source, source.peerGroup == nil, isShared || source.master == nil else { return }
        throw Problem(
            kind: .invalid, what: "cannot mount \(bind.source) \(bind.propagation ?? "")",
            why: "path \(bind.source) is mounted on \(source.point) but it is not a shared"
                + (isShared ? " mount" : " or slave mount"),
            fix: "make it one: mount --make-shared \(source.point)")
    }

    private func makeSource(of bind: BindRequest) throws(Problem) {
        let source = FilePath(bind.source)
        guard !File.exists(source) else { return }
        guard bind.createsSource else {
            throw Problem(
                kind: .invalid, what: "invalid mount config for type \"bind\"",
                why: "bind source path does not exist: \(bind.source)",
                fix: "make it, or use -v, which makes a directory")
        }
        try step(.makeSource(source)) { () throws(Problem) in
            try explaining("cannot make the bind source \(source)") {
                () throws(SystemCallError) in
                try Directory.makeAll(source, permissions: FilePermissions(rawValue: 0o755))
            }
        }
    }
}

/// Collects the mounts of a container.
private struct MountResolver {
    let context: EngineContext
    let bundle: ContainerBundle
    private(set) var resolved = ResolvedMounts()

    init(context: EngineContext, bundle: ContainerBundle) {
        self.context = context
        self.bundle = bundle
    }

    mutating func add(
        _ mount: MountRequest, _ source: ResolvedMount.Source, owners: OwnerSwap? = nil
    ) {
        resolved.mounts.append(
            ResolvedMount(
                target: mount.target, isReadOnly: mount.isReadOnly, source: source,
                owners: owners?.isEmpty == true ? nil : owners))
    }

    mutating func add(
        _ mount: MountRequest, _ volume: VolumeRequest, _ use: VolumeUse, _ users: ContainerUsers
    ) throws(Problem) {
        try context.makeDirectory(ofVolume: use.name)
        let name = "volume \(use.name)"
        let options = try LocalVolumeOptions(use.options, of: use.name)
        if let options {
            try Self.refuseOwner(of: volume, use.name, because: "its options mount it")
            var source = MonitorConfiguration.Source(
                name: name,
                kind: .fileSystem(
                    .init(
                        type: options.type, device: options.device, options: options.options,
                        holders: context.configuration.volumeHolders(use.name).string)),
                subpath: volume.subpath)
            if volume.isCopiedUp, !options.isReadOnly { source.filledFrom = mount.target }
            return add(mount, source)
        }
        try context.finishFilling(ofVolume: use.name, FilePath(volume.subpath ?? "/"))
        let path = context.configuration.volume(use.name).string
        guard let subpath = volume.subpath else {
            let owners = try volume.owner.map { owner throws(Problem) in
                try users.swap(owner, ofSource: FilePath(path))
            }
            return add(
                mount, .bind(path: path, propagation: "rprivate", recursion: .enabled),
                owners: owners)
        }
        try Self.refuseOwner(of: volume, use.name, because: "a part of it is mounted")
        add(mount, .init(name: name, kind: .directory(path), subpath: subpath))
    }

    mutating func add(
        _ mount: MountRequest, _ image: ImageMountRequest, _ use: ImageUse,
        _ users: ContainerUsers
    ) throws(Problem) {
        var diffIDs: [Digest] = []
        for layer in use.layers { diffIDs.append(try Digest(parsing: layer)) }
        try context.restore(diffIDs, exceptArriving: false)
        let lower = try context.layersForReading(of: diffIDs, for: users.maps)
        var overlay = MonitorConfiguration.RootfsMount(
            at: "", lower: lower.map(\.string), upper: nil, work: nil)
        let isOverlay = try context.newStorageDriver() == .overlay
        overlay.hasMappedOwners = isOverlay ? try !context.isRootless() : false
        add(
            mount,
            .init(
                name: "image \(image.image)", kind: .overlay(overlay), subpath: image.subpath))
    }

    private static func refuseOwner(
        of volume: VolumeRequest, _ name: String, because why: String
    ) throws(Problem) {
        guard let owner = volume.owner else { return }
        throw Problem(
            kind: .unsupported, what: "cannot give volume \(name) the owner \(owner)",
            why: "owners are mapped on plain volumes, and \(why)", fix: "leave the owner out")
    }

    /// Adds a layer of this run above a directory of the host.
    mutating func addOverlaid(
        _ mount: MountRequest, _ bind: BindRequest, owners: OwnerSwap?
    ) throws(Problem) {
        guard owners == nil || owners?.isEmpty == true else {
            throw Problem(
                kind: .unsupported, what: "cannot mount \(bind.source) with O and an owner",
                why: "overlayfs cannot show mapped owners", fix: "use one of them")
        }
        try context.checkOverlay(above: FilePath(bind.source))
        let layer = bundle.overlays.appending("\(resolved.sources.count)")
        let source = FilePath(bind.source)
        let (upper, work) = (layer.appending("upper"), layer.appending("work"))
        try context.step(.makeHostLayer(of: source, upper, work)) { () throws(Problem) in
            try explaining("cannot make a layer above \(source)") {
                () throws(SystemCallError) in
                let status = try FileStatus(of: source)
                // Of the run before nothing stays, as in Podman.
                try Directory.removeTree(layer)
                try Directory.makeAll(upper, permissions: .container)
                try Directory.make(work, permissions: .ownerReadWriteExecute)
                try File.changeOwner(of: upper, user: status.owner, group: status.group)
                try File.changePermissions(
                    of: upper, to: FilePermissions(rawValue: status.permissions))
            }
        }
        let overlay = MonitorConfiguration.RootfsMount(
            at: "", lower: [source.string], upper: upper.string, work: work.string)
        add(mount, .init(name: "a layer above \(source)", kind: .overlay(overlay), subpath: nil))
    }

    /// Adds a mount whose source the monitor makes.
    private mutating func add(_ mount: MountRequest, _ source: MonitorConfiguration.Source) {
        let path = bundle.mounts.appending("\(resolved.sources.count)")
        resolved.sources.append(source)
        add(mount, .bind(path: path.string, propagation: "rprivate", recursion: .enabled))
    }
}
