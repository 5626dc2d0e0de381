extension RuntimeSpec {
    /// The limit of processes and threads: `pids.max`.
    package struct Pids: JSONCodable, Equatable {
        /// How many; −1 is no limit.
        package var limit: Int64?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            limit: Int64? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.limit = limit
            self.unknownFields = unknownFields
        }
    }

    /// The limit of huge pages of one size: `hugetlb.<size>.max`.
    package struct HugePageLimit: JSONCodable, Equatable {
        /// The size: "2MB", "1GB".
        package var pageSize: String
        /// How much, in bytes.
        package var limit: UInt64
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            pageSize: String,
            limit: UInt64,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.pageSize = pageSize
            self.limit = limit
            self.unknownFields = unknownFields
        }
    }

    /// Traffic class and priorities: `net_cls`, `net_prio`; cgroup v1.
    package struct Network: JSONCodable, Equatable {
        /// The class of outgoing packets.
        package var classID: UInt32?
        /// Priorities by interface.
        package var priorities: [Priority]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            classID: UInt32? = nil,
            priorities: [Priority] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.classID = classID
            self.priorities = priorities
            self.unknownFields = unknownFields
        }

        /// The priority of traffic on one interface.
        package struct Priority: JSONCodable, Equatable {
            /// The interface inside the container.
            package var name: String
            /// The priority.
            package var priority: UInt32
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                name: String,
                priority: UInt32,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.name = name
                self.priority = priority
                self.unknownFields = unknownFields
            }
        }
    }

    /// RDMA limits of one device: `rdma.max`.
    package struct RDMA: JSONCodable, Equatable {
        /// How many handles.
        package var hcaHandles: UInt32?
        /// How many objects.
        package var hcaObjects: UInt32?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            hcaHandles: UInt32? = nil,
            hcaObjects: UInt32? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.hcaHandles = hcaHandles
            self.hcaObjects = hcaObjects
            self.unknownFields = unknownFields
        }
    }

    /// Whether devices may be used (config-linux.md § Allowed Device list).
    package struct DeviceRule: JSONCodable, Equatable {
        /// Whether it allows or denies.
        package var allow: Bool
        /// The kind of device; nil is any.
        package var type: Kind?
        /// The major number; nil is any.
        package var major: Int64?
        /// The minor number; nil is any.
        package var minor: Int64?
        /// Of r (read), w (write) and m (mknod), those it is about; nil is all.
        package var access: String?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            allow: Bool = false,
            type: Kind? = nil,
            major: Int64? = nil,
            minor: Int64? = nil,
            access: String? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
            self.unknownFields = unknownFields
        }

        /// The kind of device that a rule is about.
        package enum Kind: String, JSONStringEnum {
            case any = "a"
            case character = "c"
            case block = "b"
        }
    }
}

extension RuntimeSpec.Pids {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "limit": limit = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("limit", limit)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.HugePageLimit {
    package init(from json: inout JSONReader) throws(JSONError) {
        var pageSize: String?
        var limit: UInt64?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "pageSize": pageSize = try json.read()
            case "limit": limit = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            pageSize: try json.required(pageSize, "pageSize"),
            limit: try json.required(limit, "limit"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("pageSize", pageSize)
        json.member("limit", limit)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Network.Priority {
    package init(from json: inout JSONReader) throws(JSONError) {
        var name: String?
        var priority: UInt32?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "name": name = try json.read()
            case "priority": priority = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            name: try json.required(name, "name"),
            priority: try json.required(priority, "priority"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("name", name)
        json.member("priority", priority)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Network {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "classID": classID = try json.read()
            case "priorities": priorities = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("classID", classID)
        json.optional("priorities", priorities)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.RDMA {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "hcaHandles": hcaHandles = try json.read()
            case "hcaObjects": hcaObjects = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("hcaHandles", hcaHandles)
        json.optional("hcaObjects", hcaObjects)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.DeviceRule {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "allow": allow = try json.read()
            case "type": type = try json.read()
            case "major": major = try json.read()
            case "minor": minor = try json.read()
            case "access": access = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("allow", allow)
        json.optional("type", type)
        json.optional("major", major)
        json.optional("minor", minor)
        json.optional("access", access)
        json.members(unknownFields)
        json.endObject()
    }
}
