extension RuntimeSpec {
    /// Memory limits in bytes; −1 is no limit (config-linux.md § Memory).
    package struct Memory: JSONCodable, Equatable {
        /// The hard limit: `memory.max`.
        package var limit: Int64?
        /// The soft limit: `memory.low`.
        package var reservation: Int64?
        /// The limit of memory and swap together.
        package var swap: Int64?
        /// The limit of kernel memory; deprecated and ignored by kernels.
        package var kernel: Int64?
        /// The limit of TCP buffers; deprecated.
        package var kernelTCP: Int64?
        /// How willing the kernel is to swap: 0 to 100; cgroup v1.
        package var swappiness: UInt64?
        /// Whether processes wait instead of being killed; cgroup v1.
        package var disableOOMKiller: Bool?
        /// Whether child cgroups count; cgroup v1.
        package var useHierarchy: Bool?
        /// Whether an update below the usage is refused.
        package var checkBeforeUpdate: Bool?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            limit: Int64? = nil,
            reservation: Int64? = nil,
            swap: Int64? = nil,
            kernel: Int64? = nil,
            kernelTCP: Int64? = nil,
            swappiness: UInt64? = nil,
            disableOOMKiller: Bool? = nil,
            useHierarchy: Bool? = nil,
            checkBeforeUpdate: Bool? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.limit = limit
            self.reservation = reservation
            self.swap = swap
            self.kernel = kernel
            self.kernelTCP = kernelTCP
            self.swappiness = swappiness
            self.disableOOMKiller = disableOOMKiller
            self.useHierarchy = useHierarchy
            self.checkBeforeUpdate = checkBeforeUpdate
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Memory {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "limit": limit = try json.read()
            case "reservation": reservation = try json.read()
            case "swap": swap = try json.read()
            case "kernel": kernel = try json.read()
            case "kernelTCP": kernelTCP = try json.read()
            case "swappiness": swappiness = try json.read()
            case "disableOOMKiller": disableOOMKiller = try json.read()
            case "useHierarchy": useHierarchy = try json.read()
            case "checkBeforeUpdate": checkBeforeUpdate = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("limit", limit)
        json.optional("reservation", reservation)
        json.optional("swap", swap)
        json.optional("kernel", kernel)
        json.optional("kernelTCP", kernelTCP)
        json.optional("swappiness", swappiness)
        json.optional("disableOOMKiller", disableOOMKiller)
        json.optional("useHierarchy", useHierarchy)
        json.optional("checkBeforeUpdate", checkBeforeUpdate)
        json.members(unknownFields)
        json.endObject()
    }
}
