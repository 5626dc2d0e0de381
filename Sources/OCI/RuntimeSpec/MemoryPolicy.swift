extension RuntimeSpec {
    /// The NUMA memory policy of the process: set_mempolicy(2).
    package struct MemoryPolicy: JSONCodable, Equatable {
        /// The policy.
        package var mode: Mode
        /// The memory nodes: "0-1".
        package var nodes: String?
        /// Modifiers.
        package var flags: [Flag]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            mode: Mode,
            nodes: String? = nil,
            flags: [Flag] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.mode = mode
            self.nodes = nodes
            self.flags = flags
            self.unknownFields = unknownFields
        }

        /// A memory policy.
        package enum Mode: String, JSONStringEnum {
            case `default` = "MPOL_DEFAULT"
            case bind = "MPOL_BIND"
            case interleave = "MPOL_INTERLEAVE"
            case weightedInterleave = "MPOL_WEIGHTED_INTERLEAVE"
            case preferred = "MPOL_PREFERRED"
            case preferredMany = "MPOL_PREFERRED_MANY"
            case local = "MPOL_LOCAL"
        }

        /// A modifier of the policy.
        package enum Flag: String, JSONStringEnum {
            case numaBalancing = "MPOL_F_NUMA_BALANCING"
            case relativeNodes = "MPOL_F_RELATIVE_NODES"
            case staticNodes = "MPOL_F_STATIC_NODES"
        }
    }
}

extension RuntimeSpec.MemoryPolicy {
    package init(from json: inout JSONReader) throws(JSONError) {
        var mode: Mode?
        var nodes: String?
        var flags: [Flag] = []
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "mode": mode = try json.read()
            case "nodes": nodes = try json.read()
            case "flags": flags = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            mode: try json.required(mode, "mode"),
            nodes: nodes,
            flags: flags,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("mode", mode)
        json.optional("nodes", nodes)
        json.optional("flags", flags)
        json.members(unknownFields)
        json.endObject()
    }
}
