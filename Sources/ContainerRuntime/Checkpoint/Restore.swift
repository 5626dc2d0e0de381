package import Diagnostics
import Glibc
import Linux
import OCI
import SystemPackage

/// Makes a container again from what `checkpoint` kept of it: `restore`, through CRIU.
package enum Restore {
    /// What the caller wants.
    package struct Request: Sendable {
        package var id: String
        package var bundle: Bundle
        package var root: RuntimeRoot
        package var criu: CRIUSettings
        /// Whether a container without limits may do without a cgroup; nil where that depends on the
        /// caller's rights.
        package var mayLackCgroup: Bool?
        /// Another AppArmor profile or SELinux label than before: "TYPE:NAME".
        package var securityProfile: String?
        /// Another SELinux label of the mounts.
        package var mountContext: String?

        package init(id: String, bundle: Bundle, root: RuntimeRoot, criu: CRIUSettings) {
            self.id = id
            self.bundle = bundle
            self.root = root
            self.criu = criu
        }
    }

    /// Restores the container.
    ///
    /// - Returns: the container, which runs.
    /// - Throws: after everything that was made is gone again.
    package static func run(_ request: Request) throws(Problem) -> CreatedContainer {
        try LandlockPlan.checkAbsence(
            from: request.bundle.spec, orCannot: "restore container \(request.id)")
        try request.criu.check(isPreDump: false)
        if request.securityProfile ?? request.mountContext != nil,
            try CRIUService.version(of: request.criu.program) < 31_600
        {
            throw Problem(
                kind: .unsupported, what: "--lsm-profile and --lsm-mount-context",
                why: "they take CRIU 3.16", fix: "install a newer one, or leave them out")
        }
        let directory = try request.root.claim(request.id)
        var restoration = Restoration(request: request, directory: directory)
        do throws(Problem) {
            try restoration.make()
        } catch {
            throw restoration.takeBack(after: error.quoting(request.criu.log("restore.log")))
        }
        return restoration.finish()
    }
}

/// A restoration under way.
private struct Restoration: ~Copyable {
    private let request: Restore.Request
    private let directory: ContainerDirectory
    private let spec: RuntimeSpec
    private var context: SetupContext
    private var state: RuntimeState
    private var process: ChildProcess?

    init(request: Restore.Request, directory: ContainerDirectory) {
        self.request = request
        self.directory = directory
        spec = request.bundle.spec
        context = SetupContext(
            containerID: request.id, bundle: request.bundle.path, rootfs: request.bundle.rootfs)
        context.undo("remove \(directory.path)") { () throws(Problem) in try directory.remove() }
        state = RuntimeState(
            ociVersion: spec.ociVersion, id: request.id, bundle: request.bundle.path.string,
            rootfs: request.bundle.rootfs.string, created: currentTimestamp(), owner: getuid(),
            annotations: spec.annotations)
    }

    mutating func make() throws(Problem) {
        let images = try request.criu.openImages(isMade: false)
        let work = try request.criu.openWork()
        var host = try HostFacts.probe(for: spec, process: spec.process)
        host.mayLackCgroup = request.mayLackCgroup
        let placement = try CgroupPlacement(for: spec.linux, containerID: request.id, on: host)
        for step in try placement.prepareSteps() { try step.run(in: &context) }
        try makeMountPoints()
        let root = try bindRootfs()
        defer { root.remove() }

        var options = request.criu.options(images: images, work: work, log: "restore.log")
        options.isRestore = true
        options.root = root.path.string
        options.configurationFile = CRIUSettings.configurationFile(of: spec)
        options.securityProfile = request.securityProfile
        options.mountContext = request.mountContext
        options.externalMounts = CRIUMounts(of: spec, cgroup: context.cgroup)
            .forRestore(in: request.bundle.path)
        options.inherited = try CRIUStreams.pipes(in: images)
        let namespaces = try openNamespaces(&options)
        let service = try CRIUService.start(
            request.criu.program, descriptors: namespaces.map(\.rawValue))
        try place(service.process.id, &options)
        try restore(service, options)
        state.cgroupPath = context.cgroup?.path
        try directory.save(state, configuration: request.bundle.configuration)
    }

    /// Has CRIU restore the processes, and takes what it tells of them.
    private mutating func restore(
        _ service: consuming CRIUService, _ options: CRIUOptions
    ) throws(Problem) {
        var restored: CInt?
        var terminal: OwnedFD?
        let (spec, state) = (spec, state)
        _ = try service.request(.restore, options) { (notification) throws(Problem) in
            switch notification.script {
            case "setup-namespaces":
                var described = ContainerState(of: state, status: .creating)
                described.processID = notification.process
                for kind in [HookKind.prestart, .createRuntime] {
                    for hook in kind.hooks(of: spec) {
                        try RunHook(kind: kind, hook: hook, state: described).run(with: described)
                    }
                }
            case "post-restore": restored = notification.process
            case "orphan-pts-master": terminal = notification.descriptor.take()
            default: return
            }
        }
        guard let restored else {
            throw Problem(
                kind: .unavailable, what: "cannot restore container \(request.id)",
                why: "CRIU did not say which process it made")
        }
        context.adopt(restored)
        context.consoleMaster = terminal.take()
        self.state.initProcessID = restored
        self.state.initStartTime = try explaining("cannot ask about process \(restored)") {
            () throws(SystemCallError) in try processStartTime(restored)
        }
        process = try explaining("cannot hold process \(restored)") {
            () throws(SystemCallError) in try ChildProcess(opening: restored)
        }
    }

    /// CRIU works in the container's cgroup, so that what it makes is there too.
    private func place(_ criu: CInt, _ options: inout CRIUOptions) throws(Problem) {
        guard let cgroup = context.cgroup else { return }
        do {
            try cgroup.add(criu)
        } catch {
            throw Problem(cgroup: "cannot put CRIU into the cgroup \(cgroup.path)", error)
        }
        let text = try explaining("cannot find the cgroups of CRIU") {
            () throws(SystemCallError) in try File.readText(FilePath("/proc/\(criu)/cgroup"))
        }
        options.cgroupRoots = text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return parts.count == 3 ? (String(parts[1]), String(parts[2])) : nil
        }
    }

    /// Opens the namespaces to join that CRIU takes as descriptors, and names the others.
    private func openNamespaces(_ options: inout CRIUOptions) throws(Problem) -> [OpenedNamespace] {
        var opened: [OpenedNamespace] = []
        for namespace in spec.linux?.namespaces ?? [] {
            guard let path = namespace.path else { continue }
            let kind = NamespaceKind(namespace.type)
            if let key = CRIUSettings.key(of: namespace.type) {
                let file = try JoinedNamespace(kind: kind, path: FilePath(path)).open()
                // 0 to 2 are the streams, 3 is CRIU's socket.
                options.inherited.append((key, CInt(4 + opened.count)))
                opened.append(OpenedNamespace(file))
            } else if namespace.type == .cgroup {
                throw Problem(
                    kind: .unsupported, what: "cannot restore container \(request.id)",
                    why: "CRIU does not join a cgroup namespace",
                    fix: "leave its path out of linux.namespaces")
            } else {
                options.joinedNamespaces.append((kind.fileName, path))
            }
        }
        return opened
    }

    /// Makes the places of mounts beneath the rootfs, which another bundle may lack; a tmpfs
    /// comes back with what was in it.
    private func makeMountPoints() throws(Problem) {
        let rootfs = request.bundle.rootfs
        var mounts: [ContainerMount] = []
        for (index, mount) in spec.mounts.enumerated() {
            mounts.append(try ContainerMount(mount, index: index, bundle: request.bundle.path))
        }
        let temporary = mounts.filter {
            if case .fileSystem("tmpfs", _) = $0.kind { true } else { false }
        }.map(\.destination)
        try explaining("cannot make the places of mounts in \(rootfs)") {
            () throws(SystemCallError) in
            let root = RootedDirectory(adopting: try OwnedFD.open(rootfs, [.path, .directory]))
            for mount in mounts
            where !temporary.contains(where: {
                $0 != mount.destination && mount.destination.starts(with: $0)
            }) {
                if case .bind(let source, _) = mount.kind,
                    try FileStatus(of: source).kind != .directory
                {
                    _ = try root.makeFile(mount.destination, permissions: .directoryDefault)
                } else if mount.kind != .cgroup {
                    _ = try root.makeDirectories(
                        mount.destination, permissions: .directoryDefault)
                }
            }
        }
    }

    /// CRIU wants a root that is a mount point whose parent nothing covers.
    private func bindRootfs() throws(Problem) -> BoundRootfs {
        let place = directory.path.appending("criu-root")
        let rootfs = request.bundle.rootfs
        return try explaining("cannot mount \(rootfs) for CRIU") { () throws(SystemCallError) in
            try Directory.make(place, permissions: .ownerReadWriteExecute)
            let source = try OwnedFD.open(rootfs, [.path, .directory])
            try DetachedMount(cloning: source, isRecursive: true)
                .attach(onto: OwnedFD.open(place, [.path, .directory]))
            return BoundRootfs(path: place)
        }
    }

    consuming func takeBack(after failure: Problem) -> Problem {
        var problem = failure
        for leftover in context.undoAll() {
            problem.why += "; and not all could be taken back: \(leftover)"
        }
        return problem
    }

    consuming func finish() -> CreatedContainer {
        guard let process = process.take() else { preconditionFailure("no process was restored") }
        return CreatedContainer(
            id: request.id, process: process, consoleMaster: context.consoleMaster.take(),
            directory: directory, state: state, plan: ContainerPlan(), bundle: request.bundle,
            context: context, journal: nil, isStarted: false)
    }
}

/// The rootfs where CRIU finds it.
private struct BoundRootfs {
    let path: FilePath

    /// Takes the mount back; best effort, because the container runs by now or has failed.
    func remove() {
        try? Mount.unmount(path, isDetached: true)
        try? Directory.remove(path)
    }
}

/// A namespace's open file, in a list.
private final class OpenedNamespace {
    private let file: OwnedFD

    init(_ file: consuming OwnedFD) { self.file = file }

    var rawValue: CInt { file.rawValue }
}
