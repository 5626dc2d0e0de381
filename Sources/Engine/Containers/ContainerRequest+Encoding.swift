import Linux
import Networking
import OCI

/// The request in the words of Docker's API: what the database keeps and `inspect` shows.
extension ContainerRequest {
    /// `{"Platform": …, "Config": {…}, "HostConfig": {…}}`; the name is not in it.
    var dockerJSON: JSONValue {
        let inherited = mounts.filter(\.isInherited)
        return [
            "Platform": platform.map { .string($0) } ?? "",
            "Config": config,
            "HostConfig": hostConfig,
            "InheritedMounts": .array(inherited.map(\.mountJSON)),
            "PidFile": .string(pidFile ?? ""),
            "TimeLimit": .integer(timeLimitInSeconds ?? 0),
            "Secrets": .array(secrets.map(\.json)),
            "Podman": podmanJSON,
            "HasDefaultNetwork": .bool(network.isDefault),
            "LostNetworks": .array(network.lost.map(\.lostJSON)),
            "ImageAnnotations": .map(imageAnnotations),
        ]
    }

    /// Docker's `Config`: what could be another container's too.
    var config: JSONValue {
        var json = JSONObject()
        json.append("Hostname", .string(network.hostname ?? ""))
        json.append("Domainname", .string(network.domainName ?? ""))
        json.append("User", .string(process.user ?? ""))
        json.append("AttachStdin", .bool(process.isInteractive))
        json.append("AttachStdout", true)
        json.append("AttachStderr", true)
        json.append("Tty", .bool(process.hasTerminal))
        json.append("OpenStdin", .bool(process.isInteractive))
        json.append("StdinOnce", .bool(process.isInteractive))
        json.append("Env", .strings(process.environment))
        let ports = network.exposed.union(network.published.map(\.container))
        if !ports.isEmpty {
            json.append(
                "ExposedPorts",
                .object(JSONObject(ports.sorted().map { .init("\($0)", [:]) })))
        }
        json.append("Cmd", command.map { .strings($0) } ?? .null)
        json.append("Image", .string(image))
        let anonymous = ownMounts.filter(\.isPlainAnonymousVolume)
        json.append("Volumes", anonymous.isEmpty ? .null : .set(anonymous.map(\.target)))
        json.append("WorkingDir", .string(process.workingDirectory ?? ""))
        json.append("Entrypoint", process.entrypoint.map { .strings($0) } ?? .null)
        json.append("Labels", .map(labels))
        // These two are Podman's.
        if let umask = process.umask { json.append("Umask", .string(octal(umask))) }
        if let timezone = process.timezone { json.append("Timezone", .string(timezone)) }
        if disablesHealthcheck {
            json.append("Healthcheck", ["Test": ["NONE"]])
        } else if !health.isEmpty {
            json.append("Healthcheck", health.json)
        }
        if let stopSignal { json.append("StopSignal", .string(stopSignal)) }
        if let stopTimeoutInSeconds { json.append("StopTimeout", .integer(stopTimeoutInSeconds)) }
        return .object(json)
    }

    /// Four octal digits, as chmod(1) has them.
    private func octal(_ mask: UInt32) -> String {
        let digits = String(mask, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }

    /// Docker's `HostConfig`: what ties the container to this machine.
    var hostConfig: JSONValue {
        var json = JSONObject()
        appendStorage(to: &json)
        appendNamespaces(to: &json)
        appendSecurity(to: &json)
        appendProcessorsAndMemory(to: &json)
        appendBlockIO(to: &json)
        return .object(json)
    }

    /// The mounts that flags of this container ask for.
    private var ownMounts: [MountRequest] { mounts.filter { !$0.isInherited } }

    private func appendStorage(to json: inout JSONObject) {
        let binds = ownMounts.compactMap(\.bindText)
        json.append("Binds", binds.isEmpty ? .null : .strings(binds))
        json.append("ContainerIDFile", "")
        json.append(
            "LogConfig", ["Type": .string(logging.driver), "Config": .map(logging.options)])
        let (name, retries) = restartPolicy.nameAndRetries
        json.append(
            "RestartPolicy", ["Name": .string(name), "MaximumRetryCount": .integer(retries)])
        json.append("AutoRemove", .bool(isRemovedAfterExit))
        json.append("PortBindings", network.portBindings)
        json.append("PublishAllPorts", .bool(network.publishesExposed))
        json.append("Annotations", annotations.isEmpty ? .null : .map(annotations))
        json.append("VolumesFrom", volumesFrom.isEmpty ? .null : .strings(volumesFrom))
        let tmpfs = ownMounts.compactMap { mount -> JSONObject.Member? in
            guard case .tmpfs(let request) = mount.kind, request.isShort else { return nil }
            return .init(
                mount.target, .string(request.optionText(isReadOnly: mount.isReadOnly)))
        }
        if !tmpfs.isEmpty { json.append("Tmpfs", .object(JSONObject(tmpfs))) }
        let others = ownMounts.filter { !$0.hasShortForm }
        if !others.isEmpty { json.append("Mounts", .array(others.map(\.mountJSON))) }
    }

    private func appendNamespaces(to json: inout JSONObject) {
        json.append("NetworkMode", .string(networkMode))
        json.append("PidMode", .string(namespaces.pid.text(isolated: "")))
        json.append("IpcMode", .string(namespaces.ipc.text))
        json.append("UTSMode", .string(namespaces.uts.text(isolated: "")))
        json.append(
            "CgroupnsMode", .string(namespaces.cgroup?.text(isolated: "private") ?? ""))
        json.append("UsernsMode", .string(namespaces.user))
        if let maps = namespaces.userMaps {
            json.append(
                "IDMappings",
                [
                    "UidMap": .strings(maps.users.words), "GidMap": .strings(maps.groups.words),
                ])
        }
        json.append("Dns", .strings(network.nameServers))
        json.append("DnsOptions", .strings(network.resolverOptions))
        json.append("DnsSearch", .strings(network.searchDomains))
        json.append("ExtraHosts", .strings(network.extraHosts))
        json.append("Sysctls", .map(security.sysctls))
    }

    /// Docker's word for the networks: the first one's name.
    var networkMode: String {
        if let pasta = network.pasta {
            return pasta.isEmpty ? "pasta" : "pasta:" + pasta.joined(separator: ",")
        }
        return namespaces.network.text(
            isolated: network.attachments.map { $0.first?.network ?? "none" } ?? "default")
    }

    private func appendSecurity(to json: inout JSONObject) {
        json.append("Privileged", .bool(security.isPrivileged))
        json.append("CapAdd", .strings(security.addedCapabilities))
        json.append("CapDrop", .strings(security.droppedCapabilities))
        json.append("GroupAdd", .strings(process.additionalGroups))
        json.append("OomScoreAdj", .integer(process.outOfMemoryScoreAdjustment))
        json.append("ReadonlyRootfs", .bool(security.isRootfsReadOnly))
        json.append("SecurityOpt", .strings(security.options))
        json.append("Init", .bool(process.hasInit))
        json.append("Runtime", "kade-runtime")
        json.append(
            "Devices",
            .array(
                security.devices.map {
                    [
                        "PathOnHost": .string($0.hostPath),
                        "PathInContainer": .string($0.containerPath),
                        "CgroupPermissions": .string($0.permissions),
                    ]
                }))
        json.append("DeviceRequests", security.deviceRequests)
        json.append("DeviceCgroupRules", .strings(security.deviceRules))
    }

    private func appendProcessorsAndMemory(to json: inout JSONObject) {
        json.append("ShmSize", .integer(resources.shmSizeInBytes ?? ResourceRequest.defaultShmSize))
        if let size = resources.rootfsSizeInBytes {
            json.append("StorageOpt", ["size": .string("\(size)")])
        }
        json.append("CgroupParent", .string(resources.cgroupParent ?? ""))
        json.append("CpuShares", .integer(resources.cpuShares ?? 0))
        json.append("NanoCpus", .integer(resources.nanoCPUs ?? 0))
        json.append("CpuPeriod", .integer(resources.cpuPeriodInMicroseconds ?? 0))
        json.append("CpuQuota", .integer(resources.cpuQuotaInMicroseconds ?? 0))
        json.append("CpusetCpus", .string(resources.cpusetCPUs ?? ""))
        json.append("CpusetMems", .string(resources.cpusetMemoryNodes ?? ""))
        json.append("Memory", .integer(resources.memoryInBytes ?? 0))
        json.append("MemoryReservation", .integer(resources.memoryReservationInBytes ?? 0))
        json.append("MemorySwap", .integer(resources.memoryAndSwapInBytes ?? 0))
        json.append("MemorySwappiness", resources.swappiness.map { .integer($0) } ?? .null)
        json.append("OomKillDisable", .bool(resources.isOutOfMemoryKillDisabled))
        json.append("PidsLimit", resources.pidsLimit.map { .integer($0) } ?? .null)
        json.append(
            "Ulimits",
            .array(
                resources.limits.map {
                    [
                        "Name": .string($0.name), "Hard": .integer($0.hard),
                        "Soft": .integer($0.soft),
                    ]
                }))
    }

    private func appendBlockIO(to json: inout JSONObject) {
        json.append("BlkioWeight", .integer(resources.blockIOWeight ?? 0))
        let weights = resources.blockIOWeights.map {
            ["Path": .string($0.path), "Weight": .integer($0.rate)] as JSONValue
        }
        json.append("BlkioWeightDevice", .array(weights))
        let lists = [
            ("BlkioDeviceReadBps", resources.readBytesPerSecond),
            ("BlkioDeviceWriteBps", resources.writeBytesPerSecond),
            ("BlkioDeviceReadIOps", resources.readOperationsPerSecond),
            ("BlkioDeviceWriteIOps", resources.writeOperationsPerSecond),
        ]
        for (name, rates) in lists {
            json.append(
                name,
                .array(rates.map { ["Path": .string($0.path), "Rate": .integer($0.rate)] }))
        }
    }
}

extension NetworkRequest {
    /// What `-p` asked: Docker's `PortBindings`.
    fileprivate var portBindings: JSONValue {
        let byPort = Dictionary(grouping: published, by: \.container)
        return .object(
            JSONObject(
                byPort.sorted { $0.key < $1.key }.map { port, specs in
                    .init("\(port)", .array(specs.map(\.bindingJSON)))
                }))
    }
}

extension PortSpec {
    fileprivate var bindingJSON: JSONValue {
        let range = hostPorts.map { ports in
            ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
        }
        return [
            "HostIp": .string(hostAddress.map { "\($0)" } ?? ""), "HostPort": .string(range ?? ""),
        ]
    }
}

extension ResourceRequest {
    /// Docker's size of `/dev/shm`: 64 MiB.
    static let defaultShmSize: Int64 = 64 << 20
}

extension RestartPolicy {
    /// Docker's words for the policy.
    var nameAndRetries: (name: String, retries: Int) {
        switch self {
        case .no: ("no", 0)
        case .always: ("always", 0)
        case .unlessStopped: ("unless-stopped", 0)
        case .onFailure(let retries): ("on-failure", retries)
        }
    }
}

extension NamespaceMode {
    /// Docker's word: the caller's for its own namespace, else `host` or `container:NAME`.
    func text(isolated: String) -> String {
        switch self {
        case .isolated: isolated
        case .host: "host"
        case .container(let name): "container:\(name)"
        }
    }
}

extension IPCMode {
    /// Docker's word.
    var text: String {
        switch self {
        case .shareable: "shareable"
        case .isolated: "private"
        case .none: "none"
        case .host: "host"
        case .container(let name): "container:\(name)"
        }
    }
}

extension JSONValue {
    static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

    static func integer(_ value: some FixedWidthInteger) -> JSONValue {
        .number(JSONNumber(value))
    }

    /// An object of strings, sorted by name.
    static func map(_ map: [String: String]) -> JSONValue {
        let members = map.sorted { $0.key < $1.key }
        return .object(JSONObject(members.map { .init($0.key, .string($0.value)) }))
    }

    /// Go's set of strings: an object of empty objects.
    static func set(_ names: [String]) -> JSONValue {
        .object(JSONObject(names.sorted().map { .init($0, [:]) }))
    }
}
