extension RuntimeSpec {
    /// Limits of the container's cgroup (config-linux.md § Control groups).
    package struct Resources: JSONCodable, Equatable {
        /// Which devices may be used; later rules win.
        package var devices: [DeviceRule]
        /// Memory limits.
        package var memory: Memory?
        /// Processor time limits.
        package var cpu: CPU?
        /// The limit of processes and threads.
        package var pids: Pids?
        /// Block device weights and speed limits.
        package var blockIO: BlockIO?
        /// Huge page limits.
        package var hugepageLimits: [HugePageLimit]
        /// Traffic class and priorities, cgroup v1 only.
        package var network: Network?
        /// RDMA limits, by device name.
        package var rdma: [String: RDMA]
        /// cgroup v2 files to write: "memory.high".
        package var unified: [String: String]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            devices: [DeviceRule] = [],
            memory: Memory? = nil,
            cpu: CPU? = nil,
            pids: Pids? = nil,
            blockIO: BlockIO? = nil,
            hugepageLimits: [HugePageLimit] = [],
            network: Network? = nil,
            rdma: [String: RDMA] = [:],
            unified: [String: String] = [:],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.devices = devices
            self.memory = memory
            self.cpu = cpu
            self.pids = pids
            self.blockIO = blockIO
            self.hugepageLimits = hugepageLimits
            self.network = network
            self.rdma = rdma
            self.unified = unified
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Resources {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        json.refusesZeroBytes = true
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "devices": devices = try json.read()
            case "memory": memory = try json.read()
            case "cpu": cpu = try json.read()
            case "pids": pids = try json.read()
            case "blockIO": blockIO = try json.read()
            case "hugepageLimits": hugepageLimits = try json.read()
            case "network": network = try json.read()
            case "rdma": rdma = try json.read()
            case "unified": unified = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("devices", devices)
        json.optional("memory", memory)
        json.optional("cpu", cpu)
        json.optional("pids", pids)
        json.optional("blockIO", blockIO)
        json.optional("hugepageLimits", hugepageLimits)
        json.optional("network", network)
        json.optional("rdma", rdma)
        json.optional("unified", unified)
        json.members(unknownFields)
        json.endObject()
    }
}
