extension RuntimeSpec {
    /// What only Linux has (config-linux.md).
    package struct Linux: JSONCodable, Equatable {
        /// User IDs of a new user namespace.
        package var uidMappings: [IDMapping]
        /// Group IDs of a new user namespace.
        package var gidMappings: [IDMapping]
        /// Kernel parameters to set inside: "net.ipv4.ip_forward".
        package var sysctl: [String: String]
        /// Limits of the container's cgroup.
        @Apart package var resources: Resources?
        /// Where the container's cgroup is.
        package var cgroupsPath: String?
        /// Namespaces to make or to join; others are the runtime's own.
        package var namespaces: [Namespace]
        /// Device nodes to make beyond the default ones.
        package var devices: [Device]
        /// Network devices to move into the container, by the host's name.
        package var netDevices: [String: NetDevice]
        /// The system call filter.
        @Apart package var seccomp: Seccomp?
        /// How mounts below the root propagate.
        package var rootfsPropagation: RootfsPropagation?
        /// Paths that nothing inside can read.
        package var maskedPaths: [String]
        /// Paths that nothing inside can write.
        package var readonlyPaths: [String]
        /// The SELinux label of the container's mounts.
        package var mountLabel: String?
        /// Cache and memory bandwidth limits.
        @Apart package var intelRdt: IntelRdt?
        /// The NUMA memory policy.
        @Apart package var memoryPolicy: MemoryPolicy?
        /// The execution domain.
        package var personality: Personality?
        /// Offsets of a new time namespace: "monotonic" and "boottime".
        package var timeOffsets: [String: TimeOffset]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            uidMappings: [IDMapping] = [],
            gidMappings: [IDMapping] = [],
            sysctl: [String: String] = [:],
            resources: Resources? = nil,
            cgroupsPath: String? = nil,
            namespaces: [Namespace] = [],
            devices: [Device] = [],
            netDevices: [String: NetDevice] = [:],
            seccomp: Seccomp? = nil,
            rootfsPropagation: RootfsPropagation? = nil,
            maskedPaths: [String] = [],
            readonlyPaths: [String] = [],
            mountLabel: String? = nil,
            intelRdt: IntelRdt? = nil,
            memoryPolicy: MemoryPolicy? = nil,
            personality: Personality? = nil,
            timeOffsets: [String: TimeOffset] = [:],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.uidMappings = uidMappings
            self.gidMappings = gidMappings
            self.sysctl = sysctl
            self.resources = resources
            self.cgroupsPath = cgroupsPath
            self.namespaces = namespaces
            self.devices = devices
            self.netDevices = netDevices
            self.seccomp = seccomp
            self.rootfsPropagation = rootfsPropagation
            self.maskedPaths = maskedPaths
            self.readonlyPaths = readonlyPaths
            self.mountLabel = mountLabel
            self.intelRdt = intelRdt
            self.memoryPolicy = memoryPolicy
            self.personality = personality
            self.timeOffsets = timeOffsets
            self.unknownFields = unknownFields
        }

        /// How mounts below the root propagate: mount_namespaces(7).
        package enum RootfsPropagation: String, JSONStringEnum {
            case shared
            case rshared
            case slave
            case rslave
            case `private`
            case rprivate
            case unbindable
            case runbindable
        }
    }
}

extension RuntimeSpec.Linux {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "uidMappings": uidMappings = try json.read()
            case "gidMappings": gidMappings = try json.read()
            case "sysctl": sysctl = try json.read()
            case "resources": resources = try json.read()
            case "cgroupsPath": cgroupsPath = try json.read()
            case "namespaces": namespaces = try json.read()
            case "devices": devices = try json.read()
            case "netDevices": netDevices = try json.read()
            case "seccomp": seccomp = try json.read()
            case "rootfsPropagation": rootfsPropagation = try json.read()
            case "maskedPaths": maskedPaths = try json.read()
            case "readonlyPaths": readonlyPaths = try json.read()
            case "mountLabel": mountLabel = try json.read()
            case "intelRdt": intelRdt = try json.read()
            case "memoryPolicy": memoryPolicy = try json.read()
            case "personality": personality = try json.read()
            case "timeOffsets": timeOffsets = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("uidMappings", uidMappings)
        json.optional("gidMappings", gidMappings)
        json.optional("sysctl", sysctl)
        json.optional("resources", resources)
        json.optional("cgroupsPath", cgroupsPath)
        json.optional("namespaces", namespaces)
        json.optional("devices", devices)
        json.optional("netDevices", netDevices)
        json.optional("seccomp", seccomp)
        json.optional("rootfsPropagation", rootfsPropagation)
        json.optional("maskedPaths", maskedPaths)
        json.optional("readonlyPaths", readonlyPaths)
        json.optional("mountLabel", mountLabel)
        json.optional("intelRdt", intelRdt)
        json.optional("memoryPolicy", memoryPolicy)
        json.optional("personality", personality)
        json.optional("timeOffsets", timeOffsets)
        json.members(unknownFields)
        json.endObject()
    }
}
