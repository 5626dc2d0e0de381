import ContainerRuntime
import Diagnostics
import Linux
import SystemPackage

extension EngineContext {
    /// The request's mounts with directories of the host in the place of volumes; what is missing
    /// is made where the request allows it.
    func resolvedMounts(
        of record: ContainerRecord, rootfs: LayeredRootfs
    ) throws(Problem) -> [ResolvedMount] {
        let mounts = record.request.mounts
        guard !mounts.isEmpty else { return [] }
        var uses: [VolumeUse] = []
        if mounts.contains(where: { if case .volume = $0.kind { true } else { false } }) {
            uses = try database.read { database throws(Problem) in
                try database.volumes(ofContainer: record.id)
            }
        }
        var result: [ResolvedMount] = []
        for mount in mounts {
            switch mount.kind {
            case .bind(let bind):
                try prepare(bind)
                result.append(
                    ResolvedMount(
                        target: mount.target, isReadOnly: mount.isReadOnly,
                        source: .bind(
                            path: bind.source, propagation: bind.propagation ?? "rprivate",
                            recursion: bind.recursion)))
            case .tmpfs(let request):
                result.append(
                    ResolvedMount(
                        target: mount.target, isReadOnly: mount.isReadOnly,
                        source: .tmpfs(request)))
            case .volume(_, let isCopiedUp):
                guard let use = uses.first(where: { $0.target == mount.target }) else {
                    throw Problem(
                        kind: .bug, what: "cannot mount the volume at \(mount.target)",
                        why: "the database has no row for it")
                }
                let path = try prepare(
                    use, isCopiedUp: isCopiedUp, rootfs,
                    at: configuration.bundle(of: record.id).rootfs)
                result.append(
                    ResolvedMount(
                        target: mount.target, isReadOnly: mount.isReadOnly,
                        source: .bind(
                            path: path.string, propagation: "rprivate", recursion: .enabled),
                        volume: use.name))
            }
        }
        return result
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
        try explaining("cannot make the bind source \(source)") { () throws(SystemCallError) in
            try Directory.makeAll(source, permissions: FilePermissions(rawValue: 0o755))
        }
    }

    /// Makes a volume's directory, and gives a new one the image's content of its place.
    private func prepare(
        _ use: VolumeUse, isCopiedUp: Bool, _ rootfs: LayeredRootfs, at place: FilePath
    ) throws(Problem) -> FilePath {
        let path = configuration.volume(use.name)
        if !File.exists(path) {
            try explaining("cannot make the volume \(use.name)") { () throws(SystemCallError) in
                try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o755))
            }
        }
        guard isCopiedUp,
            try !database.read({ database throws(Problem) in try database.isFilled(volume: use.name)
            })
        else {
            return path
        }
        try copyUp(from: FilePath(use.target), of: rootfs, to: path, at: place)
        try database.write { database throws(Problem) in try database.markFilled(volume: use.name) }
        return path
    }

    /// Copies a directory of the image into an empty volume, owners included.
    private func copyUp(
        from target: FilePath, of rootfs: LayeredRootfs, to volume: FilePath, at place: FilePath
    ) throws(Problem) {
        try explaining("cannot copy \(target) of the image into its volume") {
            () throws(SystemCallError) in
            guard try Directory.list(volume).isEmpty, !rootfs.layers.isEmpty else { return }
            // Its descriptor keeps the mount until the copy is done; nobody else sees it.
            let overlay = OverlayMount(lower: rootfs.layers, upper: nil, work: nil)
            let root = RootedDirectory(adopting: try overlay.open(through: place))
            guard let status = try root.status(of: target), status.kind == .directory else {
                return
            }
            let copy = try OwnedFD.open(volume, [.readOnly, .directory])
            try CopyUp.copy(from: root.open(target, [.path, .directory]), to: copy)
            try copy.changeOwner(user: status.owner, group: status.group)
            try copy.changePermissions(to: FilePermissions(rawValue: status.permissions))
        }
    }
}
