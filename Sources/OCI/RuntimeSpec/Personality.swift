extension RuntimeSpec {
    /// The execution domain of the process: personality(2).
    package struct Personality: JSONCodable, Equatable {
        /// The domain.
        package var domain: Domain
        /// Modifiers; the specification defines none.
        package var flags: [String]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            domain: Domain,
            flags: [String] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.domain = domain
            self.flags = flags
            self.unknownFields = unknownFields
        }

        /// An execution domain.
        package enum Domain: String, JSONStringEnum {
            case linux = "LINUX"
            /// uname(2) reports a 32-bit machine.
            case linux32 = "LINUX32"
        }
    }
}

extension RuntimeSpec.Personality {
    package init(from json: inout JSONReader) throws(JSONError) {
        var domain: Domain?
        var flags: [String] = []
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "domain": domain = try json.read()
            case "flags": flags = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            domain: try json.required(domain, "domain"),
            flags: flags,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("domain", domain)
        json.optional("flags", flags)
        json.members(unknownFields)
        json.endObject()
    }
}
