import Diagnostics
import Linux
import Networking
import OCI

extension ContainerRequest {
    /// Reads what ``dockerJSON`` wrote.
    init(dockerJSON json: JSONValue) throws(Problem) {
        let config = json["Config"] ?? [:]
        let host = json["HostConfig"] ?? [:]
        self.init(image: config.text("Image") ?? "")
        platform = json.text("Platform")
        command = config["Cmd"]?.stringList
        labels = config["Labels"]?.stringMap ?? [:]
        disablesHealthcheck = config["Healthcheck"]?["Test"]?.stringList == ["NONE"]
        if !disablesHealthcheck { health = HealthRequest(config["Healthcheck"]) }
        stopSignal = config.text("StopSignal")
        stopTimeoutInSeconds = config["StopTimeout"]?.int
        annotations = host["Annotations"]?.stringMap ?? [:]
        imageAnnotations = json["ImageAnnotations"]?.stringMap ?? [:]
        isRemovedAfterExit = host.flag("AutoRemove")
        restartPolicy = try RestartPolicy(
            name: host["RestartPolicy"]?.text("Name") ?? "no",
            retries: host["RestartPolicy"]?["MaximumRetryCount"]?.int ?? 0)
        logging.driver = host["LogConfig"]?.text("Type") ?? "json-file"
        logging.options = host["LogConfig"]?["Config"]?.stringMap ?? [:]
        process = ProcessRequest(config: config, host: host)
        namespaces = NamespaceRequest(host: host)
        network = try NetworkRequest(config: config, host: host)
        security = SecurityRequest(host: host)
        resources = ResourceRequest(host: host)
        mounts = try MountRequest.list(config: config, host: host)
        for inherited in json["InheritedMounts"]?.array ?? [] {
            var mount = MountRequest(json: inherited)
            mount.isInherited = true
            mounts.append(mount)
        }
        pidFile = json.text("PidFile")
        timeLimitInSeconds = json.integer("TimeLimit").map(Int.init)
        secrets = (json["Secrets"]?.array ?? []).map(SecretRequest.init)
        network.isDefault = json.flag("HasDefaultNetwork")
        network.lost = (json["LostNetworks"]?.array ?? []).map(NetworkAttachment.init(lost:))
        volumesFrom = host["VolumesFrom"]?.stringList ?? []
        read(podmanJSON: json["Podman"] ?? [:])
    }
}

extension RestartPolicy {
    /// Reads Docker's words.
    init(name: String, retries: Int) throws(Problem) {
        switch name {
        case "", "no": self = .no
        case "always": self = .always
        case "unless-stopped": self = .unlessStopped
        case "on-failure": self = .onFailure(maximumRetries: retries)
        default:
            throw Problem(
                kind: .invalid, what: "cannot use restart policy \(name)",
                why: "it is none of no, always, unless-stopped and on-failure")
        }
    }
}

extension ProcessRequest {
    fileprivate init(config: JSONValue, host: JSONValue) {
        self.init()
        entrypoint = config["Entrypoint"]?.stringList
        environment = config["Env"]?.stringList ?? []
        umask = config.text("Umask").flatMap { UInt32($0, radix: 8) }
        timezone = config.text("Timezone")
        workingDirectory = config.text("WorkingDir")
        user = config.text("User")
        additionalGroups = host["GroupAdd"]?.stringList ?? []
        isInteractive = config.flag("OpenStdin")
        hasTerminal = config.flag("Tty")
        hasInit = host.flag("Init")
        outOfMemoryScoreAdjustment = host["OomScoreAdj"]?.int ?? 0
    }
}

extension NamespaceRequest {
    fileprivate init(host: JSONValue) {
        self.init()
        pid = NamespaceMode(text: host.text("PidMode"))
        uts = NamespaceMode(text: host.text("UTSMode"))
        network = NamespaceMode(text: host.text("NetworkMode"))
        cgroup = host.text("CgroupnsMode").map { NamespaceMode(text: $0) }
        user = host.text("UsernsMode") ?? ""
        userMaps = host["IDMappings"].map {
            UserMaps(
                users: IDMap(words: $0["UidMap"]?.stringList ?? []),
                groups: IDMap(words: $0["GidMap"]?.stringList ?? []))
        }
        ipc =
            switch host.text("IpcMode") ?? "" {
            case "shareable": .shareable
            case "none": .none
            case "host": .host
            case let text where text.hasPrefix("container:"): .container(String(text.dropFirst(10)))
            default: .isolated
            }
    }
}

extension NamespaceMode {
    fileprivate init(text: String?) {
        switch text {
        case "host": self = .host
        case let text? where text.hasPrefix("container:"):
            self = .container(String(text.dropFirst(10)))
        default: self = .isolated
        }
    }
}

extension NetworkRequest {
    fileprivate init(config: JSONValue, host: JSONValue) throws(Problem) {
        self.init()
        switch host.text("NetworkMode") ?? "default" {
        case "none": attachments = []
        case "default", "host": attachments = nil
        case let mode where mode == "pasta" || mode.hasPrefix("pasta:"):
            attachments = []
            pasta = mode.dropFirst(6).split(separator: ",").map(String.init)
        case let mode where mode.hasPrefix("container:"): attachments = nil
        case let mode: attachments = [NetworkAttachment(network: mode)]
        }
        publishesExposed = host.flag("PublishAllPorts")
        for member in config["ExposedPorts"]?.object?.members ?? [] {
            exposed.formUnion(try PortSpec.parseExposed(member.name))
        }
        for member in host["PortBindings"]?.object?.members ?? [] {
            for binding in member.value.array ?? [] {
                let address = binding.text("HostIp").map {
                    $0.contains(":") ? "[\($0)]:" : "\($0):"
                }
                published += try PortSpec.parse(
                    "\(address ?? "")\(binding.text("HostPort") ?? ""):\(member.name)")
            }
        }
        hostname = config.text("Hostname")
        domainName = config.text("Domainname")
        nameServers = host["Dns"]?.stringList ?? []
        searchDomains = host["DnsSearch"]?.stringList ?? []
        resolverOptions = host["DnsOptions"]?.stringList ?? []
        extraHosts = host["ExtraHosts"]?.stringList ?? []
    }
}

extension SecurityRequest {
    fileprivate init(host: JSONValue) {
        self.init()
        isPrivileged = host.flag("Privileged")
        addedCapabilities = host["CapAdd"]?.stringList ?? []
        droppedCapabilities = host["CapDrop"]?.stringList ?? []
        isRootfsReadOnly = host.flag("ReadonlyRootfs")
        options = host["SecurityOpt"]?.stringList ?? []
        devices = (host["Devices"]?.array ?? []).map {
            DeviceRequest(
                hostPath: $0.text("PathOnHost") ?? "",
                containerPath: $0.text("PathInContainer") ?? "",
                permissions: $0.text("CgroupPermissions") ?? "rwm")
        }
        readDeviceRequests(host["DeviceRequests"])
        deviceRules = host["DeviceCgroupRules"]?.stringList ?? []
        sysctls = host["Sysctls"]?.stringMap ?? [:]
    }
}

extension ResourceRequest {
    fileprivate init(host: JSONValue) {
        self.init()
        shmSizeInBytes = host.integer("ShmSize")
        rootfsSizeInBytes = host["StorageOpt"]?.text("size").flatMap { Int64($0) }
        cgroupParent = host.text("CgroupParent")
        cpuShares = host.integer("CpuShares")
        nanoCPUs = host.integer("NanoCpus")
        cpuPeriodInMicroseconds = host.integer("CpuPeriod")
        cpuQuotaInMicroseconds = host.integer("CpuQuota")
        cpusetCPUs = host.text("CpusetCpus")
        cpusetMemoryNodes = host.text("CpusetMems")
        memoryInBytes = host.integer("Memory")
        memoryReservationInBytes = host.integer("MemoryReservation")
        memoryAndSwapInBytes = host.integer("MemorySwap")
        swappiness = host["MemorySwappiness"]?.int
        isOutOfMemoryKillDisabled = host.flag("OomKillDisable")
        pidsLimit = host["PidsLimit"]?.number?.integer()
        blockIOWeight = host.integer("BlkioWeight").map(Int.init)
        blockIOWeights = (host["BlkioWeightDevice"]?.array ?? []).map {
            DeviceRate(path: $0.text("Path") ?? "", rate: $0["Weight"]?.number?.integer() ?? 0)
        }
        readBytesPerSecond = Self.rates(host["BlkioDeviceReadBps"])
        writeBytesPerSecond = Self.rates(host["BlkioDeviceWriteBps"])
        readOperationsPerSecond = Self.rates(host["BlkioDeviceReadIOps"])
        writeOperationsPerSecond = Self.rates(host["BlkioDeviceWriteIOps"])
        limits = (host["Ulimits"]?.array ?? []).map {
            ProcessLimit(
                name: $0.text("Name") ?? "", soft: $0["Soft"]?.number?.integer() ?? 0,
                hard: $0["Hard"]?.number?.integer() ?? 0)
        }
    }

    private static func rates(_ json: JSONValue?) -> [DeviceRate] {
        (json?.array ?? []).map {
            DeviceRate(path: $0.text("Path") ?? "", rate: $0["Rate"]?.number?.integer() ?? 0)
        }
    }
}

/// Short ways to read what Go programs write, where empty and absent mean the same.
extension JSONValue {
    /// A member's string; nil when it is absent or empty.
    func text(_ name: String) -> String? {
        guard let text = self[name]?.string, !text.isEmpty else { return nil }
        return text
    }

    func flag(_ name: String) -> Bool { self[name]?.bool ?? false }

    /// A member's number; nil when it is absent or 0.
    func integer(_ name: String) -> Int64? {
        guard let value: Int64 = self[name]?.number?.integer(), value != 0 else { return nil }
        return value
    }

    var stringList: [String]? { array?.compactMap(\.string) }

    var stringMap: [String: String]? {
        guard let members = object?.members else { return nil }
        return Dictionary(
            members.map { ($0.name, $0.value.string ?? "") }, uniquingKeysWith: { $1 })
    }
}
