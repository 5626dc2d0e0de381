extension RuntimeSpec {
    /// A file system to mount inside the container (config.md § Mounts).
    package struct Mount: JSONCodable, Equatable {
        /// Where: an absolute path inside the container.
        package var destination: String
        /// The file system's type; "bind" or nil for a bind mount.
        package var type: String?
        /// The device, or the file or directory to bind.
        package var source: String?
        /// Options as fstab(5) and the specification's table name them.
        package var options: [String]
        /// User IDs to map on the mount.
        package var uidMappings: [IDMapping]
        /// Group IDs to map on the mount.
        package var gidMappings: [IDMapping]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            destination: String,
            type: String? = nil,
            source: String? = nil,
            options: [String] = [],
            uidMappings: [IDMapping] = [],
            gidMappings: [IDMapping] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.destination = destination
            self.type = type
            self.source = source
            self.options = options
            self.uidMappings = uidMappings
            self.gidMappings = gidMappings
            self.unknownFields = unknownFields
        }
    }

    /// A range of user or group IDs: user_namespaces(7).
    package struct IDMapping: JSONCodable, Equatable {
        /// The first ID inside.
        package var containerID: UInt32
        /// The first ID outside.
        package var hostID: UInt32
        /// How many.
        package var size: UInt32
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            containerID: UInt32,
            hostID: UInt32,
            size: UInt32,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Mount {
    package init(from json: inout JSONReader) throws(JSONError) {
        var destination: String?
        var type: String?
        var source: String?
        var options: [String] = []
        var uidMappings: [RuntimeSpec.IDMapping] = []
        var gidMappings: [RuntimeSpec.IDMapping] = []
        var unknownFields = JSONObject()
        json.refusesZeroBytes = true
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "destination": destination = try json.read()
            case "type": type = try json.read()
            case "source": source = try json.read()
            case "options": options = try json.read()
            case "uidMappings": uidMappings = try json.read()
            case "gidMappings": gidMappings = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            destination: try json.required(destination, "destination"),
            type: type,
            source: source,
            options: options,
            uidMappings: uidMappings,
            gidMappings: gidMappings,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("destination", destination)
        json.optional("type", type)
        json.optional("source", source)
        json.optional("options", options)
        json.optional("uidMappings", uidMappings)
        json.optional("gidMappings", gidMappings)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.IDMapping {
    package init(from json: inout JSONReader) throws(JSONError) {
        var containerID: UInt32?
        var hostID: UInt32?
        var size: UInt32?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "containerID": containerID = try json.read()
            case "hostID": hostID = try json.read()
            case "size": size = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            containerID: try json.required(containerID, "containerID"),
            hostID: try json.required(hostID, "hostID"),
            size: try json.required(size, "size"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("containerID", containerID)
        json.member("hostID", hostID)
        json.member("size", size)
        json.members(unknownFields)
        json.endObject()
    }
}
