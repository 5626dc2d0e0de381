extension RuntimeSpec {
    /// Cache and memory bandwidth limits: resctrl (config-linux.md § IntelRdt).
    package struct IntelRdt: JSONCodable, Equatable {
        /// The class of service.
        package var closID: String?
        /// Lines for the `schemata` file.
        package var schemata: [String]
        /// The L3 cache schema.
        package var l3CacheSchema: String?
        /// The memory bandwidth schema.
        package var memBwSchema: String?
        /// Whether the container gets a monitoring group.
        package var enableMonitoring: Bool
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            closID: String? = nil,
            schemata: [String] = [],
            l3CacheSchema: String? = nil,
            memBwSchema: String? = nil,
            enableMonitoring: Bool = false,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.closID = closID
            self.schemata = schemata
            self.l3CacheSchema = l3CacheSchema
            self.memBwSchema = memBwSchema
            self.enableMonitoring = enableMonitoring
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.IntelRdt {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "closID": closID = try json.read()
            case "schemata": schemata = try json.read()
            case "l3CacheSchema": l3CacheSchema = try json.read()
            case "memBwSchema": memBwSchema = try json.read()
            case "enableMonitoring": enableMonitoring = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("closID", closID)
        json.optional("schemata", schemata)
        json.optional("l3CacheSchema", l3CacheSchema)
        json.optional("memBwSchema", memBwSchema)
        json.optional("enableMonitoring", enableMonitoring)
        json.members(unknownFields)
        json.endObject()
    }
}
