import ContainerRuntime
package import Diagnostics
import Linux
package import Networking
import OCI
import SystemPackage

/// What `update` changes of a container; nil leaves a value as it is.
package struct ContainerUpdate: Sendable, Equatable {
    /// Limits of processors, memory, processes and block devices' weight.
    package var resources = ResourceRequest()
    /// `--restart`.
    package var restartPolicy: RestartPolicy?
    /// `-p` and `--rm-p`: ports that are published, and no longer published.
    package var published: [PortSpec] = []
    package var unpublished: [PortSpec] = []

    package init() {}
}

extension ContainerService {
    /// Changes a container's limits and restart policy, of one that runs at once.
    ///
    /// The kernel is told first, since it may refuse; then the bundle and the record change, so
    /// that a restart keeps the new values.
    ///
    /// - Returns: what could not be done exactly as asked, one sentence each.
    /// - Throws: `.invalid` for values that do not fit each other or those of the container.
    package func update(
        _ name: String, _ change: ContainerUpdate
    ) throws(Problem) -> [String] {
        let id = try context.record(of: name).id
        context.forget()
        return try context.withLock(on: id) { () throws(Problem) in
            var record = try context.record(of: id)
            if case .dead = try context.status(of: record).state {
                throw Problem(
                    kind: .conflict, what: "cannot update container \(name)",
                    why: "container is marked for removal and cannot be \"update\"",
                    fix: "kade rm \(name)")
            }
            let old = record
            let request = try record.request.updated(by: change)
            try request.validate(on: context.specHost())
            record.request = request
            let warnings: [String]
            if request.network == old.request.network {
                warnings = try context.write(record, changed: change.resources)
            } else {
                warnings = try context.changingNetworks(of: record) { () throws(Problem) in
                    try context.applyPorts(of: record)
                    do throws(Problem) {
                        return try context.write(record, changed: change.resources)
                    } catch {
                        // Best effort: the first error counts.
                        try? context.apply(to: old)
                        throw error
                    }
                }
            }
            try context.renewMonitor(of: record)
            context.tell(.update, of: record)
            return warnings
        }
    }
}

extension ContainerRequest {
    /// The request with the changed values, or what keeps them from coming together (moby,
    /// container/container_unix.go, UpdateContainer).
    func updated(by change: ContainerUpdate) throws(Problem) -> ContainerRequest {
        try checkProcessors(change.resources)
        try checkMemory(change.resources)
        var request = self
        if let policy = change.restartPolicy {
            guard !isRemovedAfterExit || policy == .no else {
                throw refusal(
                    "Restart policy cannot be updated because AutoRemove is enabled for the "
                        + "container")
            }
            request.restartPolicy = policy
        }
        // What was the double of the memory stays what it was.
        if change.resources.memoryInBytes != nil {
            request.resources.memoryAndSwapInBytes =
                resources.memoryAndSwapInBytes ?? resources.memoryInBytes.map { $0 * 2 }
        }
        request.resources = request.resources.updated(by: change.resources)
        try request.network.publish(change.published, instead: change.unpublished)
        return request
    }

    private func checkProcessors(_ change: ResourceRequest) throws(Problem) {
        let wantsTime =
            change.cpuPeriodInMicroseconds != nil || change.cpuQuotaInMicroseconds != nil
        if change.nanoCPUs != nil, !wantsTime {
            let word =
                resources.cpuPeriodInMicroseconds != nil
                ? "CPU Period" : resources.cpuQuotaInMicroseconds != nil ? "CPU Quota" : nil
            if let word {
                throw refusal(
                    "Conflicting options: Nano CPUs cannot be updated as \(word) has already been "
                        + "set")
            }
        }
        if wantsTime, resources.nanoCPUs != nil, change.nanoCPUs == nil {
            let word = change.cpuPeriodInMicroseconds != nil ? "CPU Period" : "CPU Quota"
            throw refusal(
                "Conflicting options: \(word) cannot be updated as NanoCPUs has already been set")
        }
    }

    private func checkMemory(_ change: ResourceRequest) throws(Problem) {
        guard let limit = change.memoryInBytes, change.memoryAndSwapInBytes == nil,
            let swap = resources.memoryAndSwapInBytes ?? resources.memoryInBytes.map({ $0 * 2 }),
            swap > 0, limit > swap
        else { return }
        throw refusal(
            "Memory limit should be smaller than already set memoryswap limit, update the "
                + "memoryswap at the same time")
    }

    private func refusal(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot update container \(name ?? "")", why: why)
    }
}

extension NetworkRequest {
    /// Changes what `-p` published.
    ///
    /// - Throws: `.invalid` when something is not published that shall not be any more.
    fileprivate mutating func publish(
        _ new: [PortSpec], instead old: [PortSpec]
    ) throws(Problem) {
        for spec in old {
            guard published.contains(where: { $0.isNamed(by: spec) }) else {
                throw Problem(
                    kind: .invalid, what: "cannot take port \(spec.container) back",
                    why: "it is not published by -p, or not there",
                    fix: "kade port CONTAINER shows what is published")
            }
            published.removeAll { $0.isNamed(by: spec) }
        }
        published += new.filter { !published.contains($0) }
    }
}

extension PortSpec {
    /// Whether another one names it: what that leaves open does not matter.
    fileprivate func isNamed(by other: PortSpec) -> Bool {
        container == other.container
            && (other.hostAddress == nil || other.hostAddress == hostAddress)
            && (other.hostPorts == nil || other.hostPorts == hostPorts)
    }
}

extension ResourceRequest {
    /// These limits with those of a change in their place.
    fileprivate func updated(by change: ResourceRequest) -> ResourceRequest {
        var all = self
        all.memoryInBytes = change.memoryInBytes ?? memoryInBytes
        all.memoryReservationInBytes = change.memoryReservationInBytes ?? memoryReservationInBytes
        all.memoryAndSwapInBytes = change.memoryAndSwapInBytes ?? memoryAndSwapInBytes
        all.nanoCPUs = change.nanoCPUs ?? nanoCPUs
        all.cpuPeriodInMicroseconds = change.cpuPeriodInMicroseconds ?? cpuPeriodInMicroseconds
        all.cpuQuotaInMicroseconds = change.cpuQuotaInMicroseconds ?? cpuQuotaInMicroseconds
        all.cpuShares = change.cpuShares ?? cpuShares
        all.cpusetCPUs = change.cpusetCPUs ?? cpusetCPUs
        all.cpusetMemoryNodes = change.cpusetMemoryNodes ?? cpusetMemoryNodes
        all.pidsLimit = change.pidsLimit ?? pidsLimit
        all.blockIOWeight = change.blockIOWeight ?? blockIOWeight
        return all
    }

    /// Whether anything changes.
    package var isEmpty: Bool { self == ResourceRequest() }
}

extension EngineContext {
    /// Changes a container's limits and its row.
    fileprivate func write(
        _ record: ContainerRecord, changed: ResourceRequest
    ) throws(Problem) -> [String] {
        let warnings = try applyLimits(of: record, changed: changed)
        plan?.note(.update(record), by: .engine)
        try database.write { database throws(Problem) in try database.update(record) }
        return warnings
    }

    /// Gives the container's cgroup, if it runs, and its `config.json`, if it has one, the limits
    /// of its record that a change names.
    private func applyLimits(
        of record: ContainerRecord, changed: ResourceRequest
    ) throws(Problem) -> [String] {
        guard !changed.isEmpty else { return [] }
        var request = record.request
        request.resources.readBytesPerSecond = []  // they have not changed, nor their devices
        request.resources.writeBytesPerSecond = []
        request.resources.readOperationsPerSecond = []
        request.resources.writeOperationsPerSecond = []
        var builder = SpecBuilder(
            SpecInput(
                id: record.id, request: request, user: .root, host: try specHost(), hostname: ""))
        var limits = try builder.limits()
        if !changed.changesMemory { limits.memory = nil }
        if !changed.changesProcessors { limits.cpu = nil }
        if changed.pidsLimit == nil { limits.pids = nil }
        if changed.blockIOWeight == nil { limits.blockIO = nil }
        if try !hasEnded(record) {
            let file = try explaining("cannot describe the limits") {
                () throws(SystemCallError) in
                let file = try OwnedFD.memory(named: "resources.json")
                try file.writeAll(limits.json())
                try file.seek(toOffsetInBytes: 0)
                return file
            }
            do throws(Problem) {
                try runRuntime(
                    ["update", "--resources", "-", record.id], on: record.id,
                    what: "cannot update container \(record.name)", input: file.rawValue)
            } catch {
                guard try hasEnded(record) else { throw error }  // the next start has them
            }
        }
        try changeSpec(of: record, limits)
        return builder.warnings
    }

    private func changeSpec(
        of record: ContainerRecord, _ limits: RuntimeSpec.Resources
    ) throws(Problem) {
        let path = configuration.bundle(of: record.id).spec
        guard File.exists(path) else { return }
        let bytes = try explaining("cannot read \(path)") { () throws(SystemCallError) in
            try File.read(path)
        }
        var spec = try RuntimeSpec(json: bytes, named: path.string)
        var linux = spec.linux ?? .init()
        linux.resources = (linux.resources ?? .init()).changed(by: limits)
        spec.linux = linux
        try step(.writeFile(path, "the next start takes the new limits from it")) {
            () throws(Problem) in
            try explaining("cannot write \(path)") { () throws(SystemCallError) in
                try File.renew(
                    path, with: spec.json(), permissions: FilePermissions(rawValue: 0o600))
            }
        }
    }
}

extension ResourceRequest {
    fileprivate var changesMemory: Bool {
        memoryInBytes != nil || memoryReservationInBytes != nil || memoryAndSwapInBytes != nil
    }

    fileprivate var changesProcessors: Bool {
        nanoCPUs != nil || cpuPeriodInMicroseconds != nil || cpuQuotaInMicroseconds != nil
            || cpuShares != nil || cpusetCPUs != nil || cpusetMemoryNodes != nil
    }
}
