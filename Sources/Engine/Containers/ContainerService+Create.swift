import ContainerRuntime
package import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension ContainerService {
    /// Makes a container without starting it: its row, directories and anonymous volumes.
    ///
    /// The image must be in the store (`notFound` otherwise; the caller pulls as its policy says).
    ///
    /// - Parameters:
    ///   - request: what the container shall be.
    ///   - startsNext: the caller starts it at once, so that its monitor may start meanwhile.
    /// - Returns: the container's names.
    /// - Throws: what is wrong with the request, or kept the container from being made.
    package func create(
        _ request: ContainerRequest, startsNext: Bool
    ) throws(Problem) -> CreatedContainer {
        let host = try context.specHost()
        try request.validate(on: host)
        try context.checkTimezone(of: request)
        let image = try context.image(for: request)
        var request = request
        let inherited = try context.inheritMounts(into: &request)
        try context.resolveSecrets(of: &request)
        var merged = request.merged(with: image.defaults)
        merged.imageAnnotations = image.annotations
        guard !(merged.process.entrypoint ?? []).isEmpty || !(merged.command ?? []).isEmpty else {
            throw Problem(
                kind: .invalid, what: "cannot create a container of \(request.image)",
                why: "no command specified, and the image has none",
                fix: "name one after the image")
        }
        try merged.checkNotification()
        try context.chooseNetworks(of: &merged)
        let hasUserGiven = request.process.user != nil
        let id = makeContainerID()
        var monitor: ContainerSession? =
            startsNext && context.plan == nil ? try context.startMonitor(of: id, merged) : nil
        merged.name = nil
        var warnings = try image.warnings + context.warnings(of: merged, host)
        warnings += merged.labelWarnings
        if !merged.network.published.isEmpty, !merged.hasOwnNetwork {
            warnings.append(
                "Published ports are discarded when using \(merged.networkMode) network mode")
        }
        // To choose the IDs it may look into the image.
        let lease =
            merged.namespaces.mayHaveOwnUsers ? try context.protectLayers(image.layers) : nil
        defer { withExtendedLifetime(lease) {} }
        let users = try context.chooseUserNamespace(
            of: &merged, isUserGiven: hasUserGiven, layers: image.layers)
        var record = ContainerRecord(
            id: id, name: request.name ?? makeContainerName(), image: request.image,
            imageID: image.id, created: .now, request: merged, layers: image.layers)
        let uses = try context.uses(of: record, inheriting: inherited)
        context.configuration.watch?.begin(.create(record.name))
        var steps = StepRecorder(for: context.configuration)
        do throws(Problem) {
            try context.make(
                &record, uses, users, namesItself: request.name == nil, recording: &steps)
        } catch {
            throw context.noting(error, of: record.name, beingMadeIn: steps)
        }
        context.remember(record)
        if let monitor = monitor.take() { context.keepEarly(monitor) }
        return CreatedContainer(id: id, name: record.name, warnings: warnings)
    }
}

extension EngineContext {
    /// Makes what a container is: its directory, its row, and its volumes with their content.
    ///
    /// - Parameters:
    ///   - record: the container; it gets the name that it has from then on.
    ///   - uses: what it uses of other objects.
    ///   - users: what user namespace it gets.
    ///   - namesItself: whether another name will do where this one is taken.
    ///   - steps: where the steps are noted.
    /// - Throws: what could not be made; nothing is left of it.
    fileprivate func make(
        _ record: inout ContainerRecord, _ uses: ContainerUses, _ users: UserNamespaceChoice,
        namesItself: Bool, recording steps: inout StepRecorder
    ) throws(Problem) {
        let lease = try protectLayers(record.layers + uses.images.flatMap(\.layers))
        defer { withExtendedLifetime(lease) {} }
        let bundle = configuration.bundle(of: record.id)
        // The directory comes first: a row always has one, and a directory without a row that
        // nobody holds is what a crash left.
        var lock: FileLock?
        try steps.perform(.makeDirectory(of: bundle)) { () throws(Problem) in
            lock = try makeDirectory(of: bundle)
        }
        plan?.noteDirectory(of: record.id)
        do throws(Problem) {
            record = try steps.record(.insert(record)) { () throws(Problem) in
                try insert(record, uses, users, namesItself: namesItself)
            }
            tell(.create, of: record)
        } catch {
            // Best effort: the first error counts, and the next `ps` removes what is left.
            try? Directory.removeTree(bundle.directory)
            throw error
        }
        do throws(Problem) {
            try limitRootfs(of: record, recording: &steps)
            try fillVolumes(of: record, recording: &steps)
        } catch {
            // Best effort: the first error counts, and the container can be removed by its name.
            _ = try? delete(record, withVolumes: true, filesGo: .atOnce, pluginsMayRefuse: false)
            throw error
        }
        _ = consume lock
    }

    /// What a start will not do exactly as asked; wrong limits are refused here already.
    fileprivate func warnings(
        of request: ContainerRequest, _ host: SpecHost
    ) throws(Problem) -> [String] {
        var host = host
        host.hardLimits = try Self.hardLimits(for: request.resources.limits)
        var builder = SpecBuilder(
            SpecInput(id: "", request: request, user: .root, host: host, hostname: ""))
        try builder.checkLimits()
        return builder.warnings
    }

    /// Keeps layers of images from a removal until the container is recorded.
    ///
    /// Asked for first and looked at afterwards: what is there then stays.
    fileprivate func protectLayers(_ layers: [String]) throws(Problem) -> Lease? {
        guard !layers.isEmpty, plan == nil else { return nil }
        let store = try imageStore()
        let lease = try store.content.lease()
        var diffIDs: [Digest] = []
        for text in layers { diffIDs.append(try Digest(parsing: text)) }
        try lease.protect(diffIDs)
        try restore(diffIDs, exceptArriving: true)
        return lease
    }

    /// Makes a container's directory, and holds its lock.
    func makeDirectory(of bundle: ContainerBundle) throws(Problem) -> FileLock {
        // Under another name until the lock is held: nobody takes it for one that a crash left.
        let parent = bundle.directory.removingLastComponent()
        let new = parent.appending(".new-\(bundle.id)")
        return try explaining("cannot make the directory \(bundle.directory)") {
            () throws(SystemCallError) in
            do throws(SystemCallError) {
                try Directory.make(new, permissions: .container)
            } catch  where error.errno == .noSuchFileOrDirectory {
                try Directory.makeAll(parent, permissions: .container)
                try Directory.make(new, permissions: .container)
            }
            let lock = try FileLock(new.appending("lock"), .exclusive)
            try Directory.make(new.appending("rootfs"), permissions: .container)
            try Link.rename(new, to: bundle.directory)
            return lock
        }
    }

    /// Adds a container's row and those of what it uses in one transaction.
    ///
    /// - Returns: the record with the name that it got, and with other containers' IDs in the
    ///   place of their names.
    func insert(
        _ record: ContainerRecord, _ uses: ContainerUses, _ users: UserNamespaceChoice,
        namesItself: Bool
    ) throws(Problem) -> ContainerRecord {
        var newVolumes: [String] = []
        let inserted = try database.write { database throws(Problem) in
            var record = record
            if namesItself {
                while try database.hasContainer(named: record.name) {
                    record.name = makeContainerName()
                }
            }
            record.request.namespaces.userMaps = try users.maps(
                besides: { () throws(Problem) in try database.containers() },
                peer: { name throws(Problem) in try database.container(name) })
            try record.resolvePeers { name throws(Problem) in try database.container(name).id }
            try database.insert(record)
            for volume in uses.volumes {
                let isNew = try database.use(volume, by: record.id, at: record.created)
                if isNew { newVolumes.append(volume.name) }
            }
            for image in uses.images { try database.use(image, by: record.id) }
            for secret in record.request.secrets {
                try database.use(secret: secret.secret, by: record.id)
            }
            for (position, attachment) in (record.request.network.attachments ?? []).enumerated() {
                _ = try database.lease(
                    attachment, on: try database.network(attachment.network), to: record.id,
                    position: position)
            }
            return record
        }
        plan?.note(.insert(inserted), by: .engine)
        for name in newVolumes {
            plan?.note(.insert(volume: name), by: .engine)
            tell(.create, of: .volume, name, ["driver": "local"])
        }
        return inserted
    }
}

extension ContainerRecord {
    /// Replaces the names in `container:NAME` by IDs, so that a rename does no harm.
    fileprivate mutating func resolvePeers(
        _ id: (String) throws(Problem) -> String
    ) throws(Problem) {
        for path in [\NamespaceRequest.pid, \NamespaceRequest.network] {
            if case .container(let name) = request.namespaces[keyPath: path] {
                request.namespaces[keyPath: path] = .container(try id(name))
            }
        }
        if case .container(let name) = request.namespaces.ipc {
            request.namespaces.ipc = .container(try id(name))
        }
        if case .container(let name) = try request.namespaces.userMode() {
            request.namespaces.user = "container:\(try id(name))"
        }
        var required: [String] = []
        for name in request.requires { required.append(try id(name)) }
        request.requires = required
    }
}

extension FilePermissions {
    /// Directories of containers: for root alone, and to pass through for a mapped root.
    static let container = FilePermissions(rawValue: 0o711)
}
