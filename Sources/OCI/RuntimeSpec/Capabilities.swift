extension RuntimeSpec {
    /// The five capability sets: capabilities(7).
    ///
    /// Names look like "CAP_CHOWN".
    package struct Capabilities: JSONCodable, Equatable {
        /// What can ever be gained.
        package var bounding: [String]
        /// What the kernel checks.
        package var effective: [String]
        /// What files with inheritable capabilities can grant.
        package var inheritable: [String]
        /// What can be made effective.
        package var permitted: [String]
        /// What survives execve(2) of an ordinary file.
        package var ambient: [String]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            bounding: [String] = [],
            effective: [String] = [],
            inheritable: [String] = [],
            permitted: [String] = [],
            ambient: [String] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.bounding = bounding
            self.effective = effective
            self.inheritable = inheritable
            self.permitted = permitted
            self.ambient = ambient
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Capabilities {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "bounding": bounding = try json.read()
            case "effective": effective = try json.read()
            case "inheritable": inheritable = try json.read()
            case "permitted": permitted = try json.read()
            case "ambient": ambient = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("bounding", bounding)
        json.optional("effective", effective)
        json.optional("inheritable", inheritable)
        json.optional("permitted", permitted)
        json.optional("ambient", ambient)
        json.members(unknownFields)
        json.endObject()
    }
}
