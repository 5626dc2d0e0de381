extension RuntimeSpec {
    /// A namespace of the container: namespaces(7).
    package struct Namespace: JSONCodable, Equatable {
        /// Which kind of namespace.
        package var type: Kind
        /// The file of an existing namespace to join; nil makes a new one.
        package var path: String?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            type: Kind,
            path: String? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.type = type
            self.path = path
            self.unknownFields = unknownFields
        }

        /// The kinds of namespaces.
        package enum Kind: String, JSONStringEnum {
            /// Process IDs: `CLONE_NEWPID`.
            case pid
            /// The network stack: `CLONE_NEWNET`.
            case network
            /// The mount table: `CLONE_NEWNS`.
            case mount
            /// System V IPC and POSIX message queues: `CLONE_NEWIPC`.
            case ipc
            /// Host and domain name: `CLONE_NEWUTS`.
            case uts
            /// User and group IDs, capabilities: `CLONE_NEWUSER`.
            case user
            /// The cgroup root: `CLONE_NEWCGROUP`.
            case cgroup
            /// Monotonic and boot time: `CLONE_NEWTIME`.
            case time
        }
    }

    /// What a clock inside a time namespace adds: time_namespaces(7).
    package struct TimeOffset: JSONCodable, Equatable {
        /// Seconds.
        package var secs: Int64?
        /// Nanoseconds.
        package var nanosecs: UInt32?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            secs: Int64? = nil,
            nanosecs: UInt32? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.secs = secs
            self.nanosecs = nanosecs
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Namespace {
    package init(from json: inout JSONReader) throws(JSONError) {
        var type: Kind?
        var path: String?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "type": type = try json.read()
            case "path": path = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            type: try json.required(type, "type"),
            path: path,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("type", type)
        json.optional("path", path)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.TimeOffset {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "secs": secs = try json.read()
            case "nanosecs": nanosecs = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("secs", secs)
        json.optional("nanosecs", nanosecs)
        json.members(unknownFields)
        json.endObject()
    }
}
