import ContainerRuntime
import Diagnostics
import Glibc
import Linux
import Networking
import OCI
import SystemPackage

extension EngineContext {
    /// Looks up all that a container's spec depends on, and writes the files that it binds.
    func specInput(
        for record: ContainerRecord, rootfs: LayeredRootfs, endpoints: [EndpointRecord]
    ) throws(Problem) -> SpecInput {
        let request = record.request
        let peers = try peers(of: record)
        var host = try specHost()
        host.hardLimits = try Self.hardLimits(for: request.resources.limits)
        let users = try self.users(of: record, in: rootfs)
        let hostname = try hostname(of: record, peers)
        var input = SpecInput(
            id: record.id, request: request, user: users.process, host: host, hostname: hostname)
        input.namespaces = peers.namespaces
        let resolved = try resolvedMounts(of: record, users: users)
        (input.mounts, input.sources) = (resolved.mounts, resolved.sources)
        input.networkFiles = try networkFiles(
            of: record, hostname: hostname, peers, on: endpoints)
        if request.process.hasInit {
            input.initProgram = try initProgram(request.process.initProgram)
        }
        input.sharedMemory = try sharedMemory(of: record, peers)
        input.deviceEdits = try deviceEdits(of: request.security)
        try addSecrets(of: record, to: &input)
        try addTimezone(of: record, to: &input)
        try addUserFiles(users.files, of: record, to: &input)
        let edited = input.deviceEdits.flatMap { $0.deviceNodes.map(\.hostPath) }
        for path in devicePaths(of: request) + edited {
            if let device = try HostDevice(at: FilePath(path)) { input.devices[path] = device }
        }
        if request.security.isPrivileged { input.allDevices = try HostDevice.all() }
        return input
    }

    /// What the request's devices of CDI, and its GPUs, change in the container.
    private func deviceEdits(
        of request: SecurityRequest
    ) throws(Problem) -> [CDISpec.ContainerEdits] {
        guard !request.interfaceDevices.isEmpty || !request.gpus.isEmpty else { return [] }
        let registry = try CDIRegistry(directories: configuration.deviceDirectories)
        var names = request.interfaceDevices
        for gpu in request.gpus {
            names += try gpu.names(among: registry.devices(ofClass: "gpu"))
        }
        return try registry.edits(for: names)
    }

    private func devicePaths(of request: ContainerRequest) -> [String] {
        let resources = request.resources
        let rates =
            resources.readBytesPerSecond + resources.writeBytesPerSecond
            + resources.readOperationsPerSecond + resources.writeOperationsPerSecond
            + resources.blockIOWeights
        return request.security.devices.map(\.hostPath) + rates.map(\.path)
    }

    /// The name that the container sees: its own, or that of whom it shares it with.
    func hostname(
        of record: ContainerRecord, _ peers: PeerContainers
    ) throws(Problem) -> String {
        if let peer = peers.network {
            return peer.request.network.hostname ?? String(peer.id.prefix(12))
        }
        if let hostname = record.request.network.hostname { return hostname }
        let namespaces = record.request.namespaces
        guard namespaces.uts == .host || namespaces.network == .host else {
            return String(record.id.prefix(12))
        }
        var buffer = [CChar](repeating: 0, count: 256)
        try explaining("cannot ask for the host's name") { () throws(SystemCallError) in
            _ = try kernel("gethostname", "") { gethostname(&buffer, 255) }
        }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The program of `--init`: small, static, and found where distributions put it.
    private func initProgram(_ chosen: String?) throws(Problem) -> FilePath {
        if let chosen {
            guard File.exists(FilePath(chosen)) else {
                throw Problem(
                    kind: .notFound, what: "cannot use --init-path \(chosen)",
                    why: "there is no such file", fix: "name a static program of this machine")
            }
            return FilePath(chosen)
        }
        let names = ["docker-init", "tini-static", "catatonit", "tini"]
        let directories =
            configuration.searchPath + [
                "/usr/libexec/podman", "/usr/libexec/docker", "/usr/lib/podman",
            ]
        for name in names {
            for directory in directories {
                let path = directory.appending(name)
                // Any refusal means: not here.
                if let status = try? FileStatus(of: path), status.kind == .file,
                    status.permissions & 0o111 != 0
                {
                    return path
                }
            }
        }
        throw Problem(
            kind: .unavailable, what: "cannot use --init",
            why: "no init program is installed (\(names.joined(separator: ", ")))",
            fix: "install one: apt install catatonit")
    }

    /// `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`, written into the bundle.
    private func networkFiles(
        of record: ContainerRecord, hostname: String, _ peers: PeerContainers,
        on endpoints: [EndpointRecord]
    ) throws(Problem) -> [ResolvedMount] {
        let bundle = configuration.bundle(of: peers.network?.id ?? record.id)
        if peers.network == nil {
            try step(.writeNetworkFiles(bundle)) { () throws(Problem) in
                try writeNetworkFiles(of: record, hostname: hostname, on: endpoints, into: bundle)
            }
        }
        let isReadOnly = record.request.security.isRootfsReadOnly
        let wanted = record.request.network
        var files = [("/etc/resolv.conf", bundle.resolver)]
        if !wanted.keepsHostname { files.append(("/etc/hostname", bundle.hostname)) }
        if !wanted.keepsHosts { files.append(("/etc/hosts", bundle.hosts)) }
        return files.map { target, source in
            ResolvedMount(
                target: target, isReadOnly: isReadOnly,
                source: .bind(path: source.string, propagation: "rprivate", recursion: .enabled))
        }
    }

    private func writeNetworkFiles(
        of record: ContainerRecord, hostname: String, on endpoints: [EndpointRecord],
        into bundle: ContainerBundle
    ) throws(Problem) {
        let texts = try networkTexts(
            of: record, hostname: hostname, on: endpoints, isStarting: true)
        try explaining("cannot write the network files of \(record.name)") {
            () throws(SystemCallError) in
            for (path, text) in [
                (bundle.hosts, texts.hosts), (bundle.resolver, texts.resolver),
                (bundle.hostname, hostname + "\n"),
            ] {
                try File.create(
                    path, content: Array(text.utf8), permissions: FilePermissions(rawValue: 0o644))
            }
        }
    }

    /// The texts of `/etc/hosts` and `/etc/resolv.conf`.
    struct NetworkTexts {
        var hosts: String
        var resolver: String
    }

    func networkTexts(
        of record: ContainerRecord, hostname: String, on endpoints: [EndpointRecord],
        isStarting: Bool
    ) throws(Problem) -> NetworkTexts {
        let network = record.request.network
        let sharesHost = record.request.namespaces.network == .host
        let others = try otherHosts(of: record, on: endpoints, isStarting: isStarting)
        let resolver = try hostResolver()
        return try explaining("cannot read the host's network files") {
            () throws(SystemCallError) in
            let hosts =
                sharesHost
                ? NetworkFiles.hosts(
                    sharing: try Self.textIfPresent("/etc/hosts"), others: others)
                : NetworkFiles.hosts(
                    hostname: hostname, domainName: network.domainName,
                    addresses: endpoints.addresses.map { "\($0)" }, others: others)
            let first = try network.hostsFile.map { path throws(SystemCallError) in
                NetworkFiles.terminated(try File.readText(FilePath(path)))
            }
            return NetworkTexts(
                hosts: (first ?? "") + hosts,
                resolver: NetworkFiles.resolver(
                    host: resolver, request: network,
                    asking: record.nameSource(on: endpoints, host: resolver),
                    networks: endpoints.compactMap(\.result?.resolver)))
        }
    }

    /// The host's `/etc/resolv.conf`.
    func hostResolver() throws(Problem) -> String {
        try explaining("cannot read /etc/resolv.conf") { () throws(SystemCallError) in
            try Self.textIfPresent("/etc/resolv.conf")
        }
    }

    /// Makes a running container's files those of the networks that it has now; they stay the same
    /// files, because they are bound into the container.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - endpoints: its places on networks.
    ///   - changesResolver: whether it has a name server of its own now and had none before, or the
    ///     other way round; otherwise `/etc/resolv.conf` stays, which it may have changed.
    /// - Throws: what kept them from being written.
    func rewriteNetworkFiles(
        of record: ContainerRecord, _ endpoints: [EndpointRecord], changesResolver: Bool
    ) throws(Problem) {
        let hostname = record.request.network.hostname ?? String(record.id.prefix(12))
        let bundle = configuration.bundle(of: record.id)
        if let plan { return plan.note(.rewriteHosts(bundle.hosts), by: .engine) }
        let texts = try networkTexts(
            of: record, hostname: hostname, on: endpoints, isStarting: false)
        var files = [(bundle.hosts, texts.hosts)]
        if changesResolver { files.append((bundle.resolver, texts.resolver)) }
        try explaining("cannot write the network files of \(record.name)") {
            () throws(SystemCallError) in
            for (path, text) in files {
                try File.create(
                    path, content: Array(text.utf8), permissions: FilePermissions(rawValue: 0o644))
            }
        }
    }

    private static func textIfPresent(_ path: FilePath) throws(SystemCallError) -> String {
        do throws(SystemCallError) {
            return try File.readText(path)
        } catch  where error.errno == .noSuchFileOrDirectory {
            return ""
        }
    }

    /// The tmpfs on the host that is `/dev/shm` of this container and of those that join it.
    private func sharedMemory(
        of record: ContainerRecord, _ peers: PeerContainers
    ) throws(Problem) -> FilePath? {
        if let shared = peers.sharedMemory { return shared }
        guard record.request.namespaces.ipc == .shareable else { return nil }
        let path = configuration.sharedMemory(of: record.id)
        if try isRootless() { return try sharedDirectory(path, of: record) }
        let size = record.request.resources.shmSizeInBytes ?? ResourceRequest.defaultShmSize
        try step(.makeSharedMemory(path, ofBytes: size)) { () throws(Problem) in
            try makeSharedMemory(of: record, at: path, ofBytes: size)
        }
        return path
    }

    private func makeSharedMemory(
        of record: ContainerRecord, at path: FilePath, ofBytes size: Int64
    ) throws(Problem) {
        try explaining("cannot make the shared memory of \(record.name)") {
            () throws(SystemCallError) in
            try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o700))
            let parent = try FileStatus(of: path.removingLastComponent()).identity.device
            if try FileStatus(of: path).identity.device == parent {
                try Mount.mount(
                    "shm", at: path, type: "tmpfs", [.noSetUserID, .noDevices, .noExecution],
                    data: "mode=1777,size=\(size)")
            }
        }
    }

    /// What an ordinary user's containers share: a directory of the run root, which is a tmpfs on
    /// most machines, because a mount would be seen by the first of them alone.
    private func sharedDirectory(
        _ path: FilePath, of record: ContainerRecord
    ) throws(Problem) -> FilePath {
        guard record.request.resources.shmSizeInBytes == nil else {
            throw Problem(
                kind: .unsupported, what: "cannot use --shm-size with --ipc shareable",
                why: "an ordinary user's containers share a directory, whose size has no limit",
                fix: "leave one of them out")
        }
        try step(.makeSharedDirectory(path)) { () throws(Problem) in
            try explaining("cannot make the shared memory of \(record.name)") {
                () throws(SystemCallError) in
                try Directory.makeAll(path, permissions: FilePermissions(rawValue: 0o700))
                try File.changePermissions(of: path, to: FilePermissions(rawValue: 0o1777))
            }
        }
        return path
    }

    /// Takes the shared memory of a container away.
    func removeSharedMemory(of id: String) throws(Problem) {
        let path = configuration.sharedMemory(of: id)
        guard File.exists(path) else { return }
        try step(.removeMount(path)) { () throws(Problem) in
            try explaining("cannot remove the shared memory \(path)") {
                () throws(SystemCallError) in
                do throws(SystemCallError) {
                    try Mount.unmount(path, isDetached: true)
                } catch  where error.errno == .invalidArgument {
                    // It was never mounted.
                }
                // What an ordinary user's containers have left in the directory goes too.
                try Directory.removeTree(path)
            }
        }
    }
}

extension [EndpointRecord] {
    /// The addresses of all of them.
    var addresses: [IPAddress] {
        flatMap { endpoint in IPVersion.allCases.compactMap { endpoint.address($0)?.address } }
    }
}
