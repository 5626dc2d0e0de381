import ContainerRuntime
import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension EngineContext {
    /// Opens a container's files as the container sees them, with its volumes and other mounts.
    ///
    /// Of one that runs it is the root of its first process. Of one that does not the overlay and
    /// the mounts are put together where nobody else sees them, and the container is held
    /// meanwhile: the calling thread goes into a mount namespace of its own, and stays there.
    func withFiles<Value>(
        of record: ContainerRecord, _ body: (borrowing RootedDirectory) throws(Problem) -> Value
    ) throws(Problem) -> Value {
        // What has not arrived would be zeros once nobody fetches it any more, and the container,
        // which would end for that, cannot stop whoever copies.
        try showLayers(of: record)
        let status = try settledStatus(of: record, restarting: true)
        if let pid = status.state.pid, let start = status.lifecycle?.pidStartTime {
            return try body(try rootOfProcess(pid, startTime: start, of: record))
        }
        return try withLock(on: record.id) { () throws(Problem) in
            let now = try self.status(of: record)
            switch now.state {
            case .created, .startFailed, .exited: break
            case .running, .paused, .restarting:
                throw Problem(
                    kind: .conflict, what: "cannot open the files of container \(record.name)",
                    why: "it was started just now", fix: "try again")
            case .dead:
                throw Problem(
                    kind: .conflict, what: "cannot open the files of container \(record.name)",
                    why: "container is marked for removal", fix: "kade rm \(record.name)")
            }
            return try body(try mountFiles(of: record))
        }
    }

    private func rootOfProcess(
        _ pid: Int32, startTime: UInt64, of record: ContainerRecord
    ) throws(Problem) -> RootedDirectory {
        let root: RootedDirectory? = try explaining("cannot open the root of \(record.name)") {
            () throws(SystemCallError) in
            do throws(SystemCallError) {
                let root = try RootedDirectory(at: FilePath("/proc/\(pid)/root"))
                // Looked at after it is open: so it is the right process's.
                guard try processStartTime(pid) == startTime else { return nil }
                return consume root
            } catch  where [.noSuchFileOrDirectory, .noSuchProcess].contains(error.errno) {
                return nil
            }
        }
        guard let root else {
            throw Problem(
                kind: .conflict, what: "cannot open the files of container \(record.name)",
                why: "it ended just now", fix: "try again")
        }
        return root
    }

    /// Mounts the files of a container that does not run, in a mount namespace of this thread.
    private func mountFiles(of record: ContainerRecord) throws(Problem) -> RootedDirectory {
        let mounts = try self.mounts(of: record)
        if plan != nil, let directory = try directoryForPlan(mounts.first, of: record) {
            return try explaining("cannot open the files of container \(record.name)") {
                () throws(SystemCallError) in try RootedDirectory(at: directory)
            }
        }
        guard !mounts.isEmpty else {
            throw Problem(
                kind: .unsupported, what: "cannot open the files of container \(record.name)",
                why: "its image is \"host\", and it was never started",
                fix: "kade start \(record.name)")
        }
        let layers = mounts[0].fileLayers(inPlan: false)
        let rootfs = LayeredRootfs(
            layers: layers, store: Layers(reading: configuration.dataRoot))
        if plan != nil { return try viewFiles(of: record, layers) }
        let resolved = try resolvedMounts(of: record, users: users(of: record, in: rootfs))
        let bundle = configuration.bundle(of: record.id)
        let place = bundle.rootfs
        let isReadOnly = record.request.security.isRootfsReadOnly
        let what = "cannot mount the files of container \(record.name)"
        // Its own is gone, or was never made; the maps are what counts.
        let namespace = try record.request.namespaces.userMaps.map { maps throws(Problem) in
            try KeptUserNamespace(.init(maps: maps, path: nil))
        }
        try explaining(what) { () throws(SystemCallError) in
            try Namespaces.unshare(.newMount)
            try Mount.setPropagation(of: "/", to: .slave, isRecursive: true)
            for mount in mounts {
                let target = mount.at.isEmpty ? place : place.pushing(FilePath(mount.at))
                try mount.mount(at: target, for: namespace)
            }
        }
        try SourceMounts(resolved.sources, inBundle: bundle.directory, for: namespace)
            .make { _, body throws(Problem) in try body() }
        return try explaining(what) { () throws(SystemCallError) in
            let root = try RootedDirectory(at: place)
            for mount in resolved.mounts { try Self.attach(mount, in: root) }
            if isReadOnly {
                try root.root.changeMount(
                    MountAttributeChange(set: .readOnly), isRecursive: false)
            }
            return root
        }
    }

    /// The directory that is a container's root itself, which a plan only looks into; nil for an
    /// overlay.
    private func directoryForPlan(
        _ mount: MonitorConfiguration.RootfsMount?, of record: ContainerRecord
    ) throws(Problem) -> FilePath? {
        guard let mount else { return nil }
        guard let copy = mount.copy else {
            return mount.isDirectory ? mount.lower.first.map { FilePath($0) } : nil
        }
        guard File.exists(FilePath(copy)) else {
            throw Problem(
                kind: .unsupported, what: "cannot open the files of container \(record.name)",
                why: "its first start, or what copies files from or to it, makes the copy of its"
                    + " image that they are: the storage driver is vfs",
                fix: "leave --plan out")
        }
        return FilePath(copy)
    }

    /// The same for a plan, on a writable layer that goes with this thread.
    ///
    /// Nothing is left on the disk. What volumes show is not looked into.
    private func viewFiles(
        of record: ContainerRecord, _ layers: [FilePath]
    ) throws(Problem) -> RootedDirectory {
        let place = configuration.bundle(of: record.id).rootfs
        return try explaining("cannot mount the files of container \(record.name)") {
            () throws(SystemCallError) in
            try Namespaces.unshare(.newMount)
            try Mount.setPropagation(of: "/", to: .slave, isRecursive: true)
            try Mount.mount("tmpfs", at: place, type: "tmpfs", [], data: "mode=700")
            let (upper, work) = (place.appending("upper"), place.appending("work"))
            for path in [upper, work] { try Directory.make(path, permissions: .directoryDefault) }
            try OverlayMount(
                lower: layers.filter { File.exists($0) }, upper: upper, work: work
            ).mount(at: place)
            let root = try RootedDirectory(at: place)
            for mount in record.request.mounts {
                _ = try root.makeDirectories(
                    FilePath(mount.target), permissions: .directoryDefault)
            }
            return root
        }
    }

    /// Binds a source of the host, as a start of the container would.
    private static func attach(
        _ mount: ResolvedMount, in root: borrowing RootedDirectory
    ) throws(SystemCallError) {
        guard case .bind(let path, _, let recursion) = mount.source else { return }
        let source = try OwnedFD.open(FilePath(path), [.path])
        let isDirectory = try FileStatus(of: source).kind == .directory
        let target =
            isDirectory
            ? try root.makeDirectories(FilePath(mount.target), permissions: .directoryDefault)
            : try root.makeFile(FilePath(mount.target), permissions: .ownerReadWrite)
        let clone = try DetachedMount(cloning: source, isRecursive: recursion != .disabled)
        if let owners = mount.owners {
            let namespace = try UserNamespace.make(
                users: IDMap(owners.uidMappings), groups: IDMap(owners.gidMappings))
            try clone.descriptor.mapMountOwners(
                by: namespace, isRecursive: recursion != .disabled)
        }
        if mount.isReadOnly {
            try clone.descriptor.changeMount(
                MountAttributeChange(set: .readOnly), isRecursive: false)
        }
        try clone.attach(onto: target)
    }
}
