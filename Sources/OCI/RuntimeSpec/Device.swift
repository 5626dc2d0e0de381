extension RuntimeSpec {
    /// A device node to make with mknod(2).
    package struct Device: JSONCodable, Equatable {
        /// Where, inside the container.
        package var path: String
        /// The kind of node.
        package var type: Kind
        /// The major number; a FIFO has none.
        package var major: Int64?
        /// The minor number; a FIFO has none.
        package var minor: Int64?
        /// The permissions.
        package var fileMode: UInt32?
        /// The owner, inside the container.
        package var uid: UInt32?
        /// The group, inside the container.
        package var gid: UInt32?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            path: String,
            type: Kind,
            major: Int64? = nil,
            minor: Int64? = nil,
            fileMode: UInt32? = nil,
            uid: UInt32? = nil,
            gid: UInt32? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.path = path
            self.type = type
            self.major = major
            self.minor = minor
            self.fileMode = fileMode
            self.uid = uid
            self.gid = gid
            self.unknownFields = unknownFields
        }

        /// The kind of a device node.
        package enum Kind: String, JSONStringEnum {
            case character = "c"
            case block = "b"
            case unbufferedCharacter = "u"
            case fifo = "p"
        }
    }

    /// What a network device is called inside.
    package struct NetDevice: JSONCodable, Equatable {
        /// The new name; nil keeps the host's.
        package var name: String?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            name: String? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.name = name
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Device {
    package init(from json: inout JSONReader) throws(JSONError) {
        var path: String?
        var type: Kind?
        var major: Int64?
        var minor: Int64?
        var fileMode: UInt32?
        var uid: UInt32?
        var gid: UInt32?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "path": path = try json.read()
            case "type": type = try json.read()
            case "major": major = try json.read()
            case "minor": minor = try json.read()
            case "fileMode": fileMode = try json.read()
            case "uid": uid = try json.read()
            case "gid": gid = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            path: try json.required(path, "path"),
            type: try json.required(type, "type"),
            major: major,
            minor: minor,
            fileMode: fileMode,
            uid: uid,
            gid: gid,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.member("type", type)
        json.optional("major", major)
        json.optional("minor", minor)
        json.optional("fileMode", fileMode)
        json.optional("uid", uid)
        json.optional("gid", gid)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.NetDevice {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "name": name = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("name", name)
        json.members(unknownFields)
        json.endObject()
    }
}
