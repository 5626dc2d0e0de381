import ContainerRuntime
import Diagnostics
import Linux
import OCI
import Storage
import SystemPackage

extension EngineContext {
    /// Writes all that a container's monitor reads: `config.json`, `monitor.json` and the files
    /// that are bound into the container.
    ///
    /// Nothing is synced: what a crash leaves half-written is made anew by the next start.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - isListed: whether others see it, and hear of what happens to it.
    ///   - restartCount: how often its restart policy has started it by now.
    ///   - steps: where the steps are noted.
    /// - Throws: when the bundle cannot be made.
    func prepareBundle(
        of record: ContainerRecord, isListed: Bool, restartCount: Int,
        recording steps: inout StepRecorder
    ) throws(Problem) {
        let bundle = configuration.bundle(of: record.id)
        let made = try makeSpec(of: record, recording: &steps)
        try steps.perform(.writeBundle(bundle)) { () throws(Problem) in
            var monitor = try monitorConfiguration(
                of: record, isListed: isListed, mounts: made.mounts, restartCount: restartCount)
            monitor.sources = made.sources
            monitor.userNamespace = record.request.namespaces.userMaps.map { maps in
                let user = made.spec.linux?.namespaces.first { $0.type == .user }
                return .init(maps: maps, path: user?.path)
            }
            try giveFiles(of: bundle, to: record.request.namespaces.userMaps)
            try explaining("cannot write the bundle \(bundle.directory)") {
                () throws(SystemCallError) in
                let mode = FilePermissions(rawValue: 0o600)
                try File.create(bundle.spec, content: made.spec.json(), permissions: mode)
                try File.create(bundle.monitor, content: monitor.json(), permissions: mode)
            }
        }
        if let plan { return try planRun(of: record, made, noting: plan) }
        try explaining("cannot write the steps of \(record.name)") {
            () throws(SystemCallError) in
            guard configuration.recordsSteps else { return }
            try File.create(
                bundle.steps, content: steps.records.bytes,
                permissions: FilePermissions(rawValue: 0o600))
        }
    }

    /// Gives the files that are bound into a container to the root of its user namespace.
    private func giveFiles(of bundle: ContainerBundle, to maps: UserMaps?) throws(Problem) {
        guard plan == nil, let root = maps?.root else { return }
        try explaining("cannot give the files of \(bundle.directory) to the container's root") {
            () throws(SystemCallError) in
            for path in [
                bundle.hosts, bundle.hostname, bundle.resolver, bundle.passwd, bundle.group,
                bundle.localtime, configuration.sharedMemory(of: bundle.id),
            ] where File.exists(path) {
                try File.changeOwner(of: path, user: root.user, group: root.group)
            }
        }
    }

    /// What a start needs of a container.
    struct MadeSpec {
        let spec: RuntimeSpec
        /// The overlays of its root file system, the root first.
        let mounts: [MonitorConfiguration.RootfsMount]
        /// What the monitor mounts first.
        let sources: [MonitorConfiguration.Source]
    }

    /// Prepares the layers and networks, looks up what the request names, and makes the specification.
    ///
    /// - Parameters:
    ///   - record: the container.
    ///   - steps: where the steps are noted.
    /// - Returns: the specification, with what it depends on.
    /// - Throws: what is missing, or cannot be.
    func makeSpec(
        of record: ContainerRecord, recording steps: inout StepRecorder
    ) throws(Problem) -> MadeSpec {
        let step = try rootfsStep(of: record)
        let mounts = try steps.record(step) { () throws(Problem) in
            try rootfsMounts(of: record)
        }
        let rootfs = LayeredRootfs(
            layers: mounts.first?.fileLayers(inPlan: plan != nil) ?? [],
            store: Layers(reading: configuration.dataRoot))
        let endpoints = try prepareNetworks(of: record, recording: &steps)
        let input = try steps.record(.lookUp(record)) { () throws(Problem) in
            try specInput(for: record, rootfs: rootfs, endpoints: endpoints)
        }
        var builder = SpecBuilder(input)
        return MadeSpec(spec: try builder.build(), mounts: mounts, sources: input.sources)
    }

    /// What is done for the container's root file system.
    private func rootfsStep(of record: ContainerRecord) throws(Problem) -> Explanation {
        guard record.request.rootfs == nil, record.imageID != HostImage.name,
            try storageDriver(of: record) == .vfs
        else { return .prepareRootfs(record) }
        return .copyRootfs(record, to: configuration.bundle(of: record.id).copy)
    }

    /// The overlays of the container's root file system, the root first.
    private func rootfsMounts(
        of record: ContainerRecord
    ) throws(Problem) -> [MonitorConfiguration.RootfsMount] {
        if let rootfs = record.request.rootfs { return [try rootfsMount(of: record, rootfs)] }
        if record.imageID == HostImage.name { return try prepareHostRootfs(of: record.id) }
        return [try snapshot(of: record)]
    }

    /// What a container's monitor is told.
    func monitorConfiguration(
        of record: ContainerRecord, isListed: Bool, mounts: [MonitorConfiguration.RootfsMount],
        restartCount: Int
    ) throws(Problem) -> MonitorConfiguration {
        let request = record.request
        let bundle = configuration.bundle(of: record.id)
        let timeout = request.stopTimeoutInSeconds ?? 10
        var monitor = MonitorConfiguration(
            id: record.id, bundle: bundle.directory.string,
            runtimeRoot: configuration.runtimeRoot.string,
            socket: configuration.monitorSocket(of: record.id).string, mounts: mounts,
            hasTerminal: request.process.hasTerminal,
            isInputOpen: request.process.isInteractive,
            endsInputWithClient: request.process.isInteractive,
            log: try logDestination(of: record),
            restart: ContainerRuntime.RestartPolicy(request.restartPolicy),
            restartCount: restartCount,
            stopSignal: UInt8(truncatingIfNeeded: request.stopSignalNumber),
            stopTimeoutInMilliseconds: timeout < 0
                ? -1 : Int32(clamping: Int64(timeout) * 1000),
            exitCommand: request.isRemovedAfterExit
                ? configuration.removalCommand + [record.id] : [],
            recordsSteps: configuration.recordsSteps)
        monitor.health = try request.health.check()
        monitor.pidFile = request.pidFile
        if isListed { monitor.notification = request.notification }
        monitor.hasMemoryLimit = request.resources.memoryInBytes != nil
        monitor.timeLimitInMilliseconds = Int64(request.timeLimitInSeconds ?? 0) * 1000
        if isListed {
            monitor.events = MonitorConfiguration.Events(
                directory: eventLog.directory.string, attributes: record.eventAttributes)
        }
        return monitor
    }
}

extension ContainerRuntime.RestartPolicy {
    /// What the monitor calls the request's policy.
    init(_ policy: RestartPolicy) {
        self =
            switch policy {
            case .no: .no
            case .always: .always
            case .unlessStopped: .unlessStopped
            case .onFailure(let retries): .onFailure(maximumRetries: retries)
            }
    }
}

extension ContainerRequest {
    /// The signal of a stop: the request's, then SIGTERM.
    var stopSignalNumber: Int32 {
        // It was validated when the container was made; an image's may be anything.
        stopSignal.flatMap { Signal(named: $0)?.rawValue } ?? Signal.terminate.rawValue
    }
}
