extension RuntimeSpec {
    /// A container's state, as `state` prints it and hooks get it (runtime.md § State).
    package struct State: JSONCodable, Equatable {
        /// The version of the specification that the state follows.
        package var ociVersion: String
        /// The container's ID.
        package var id: String
        /// Where it is in its life.
        package var status: Status
        /// The process ID of the container's process, seen from the host.
        package var pid: Int32?
        /// The bundle's absolute path.
        package var bundle: String
        /// The configuration's annotations.
        package var annotations: [String: String]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            ociVersion: String,
            id: String,
            status: Status,
            pid: Int32? = nil,
            bundle: String,
            annotations: [String: String] = [:],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.ociVersion = ociVersion
            self.id = id
            self.status = status
            self.pid = pid
            self.bundle = bundle
            self.annotations = annotations
            self.unknownFields = unknownFields
        }

        /// Where a container is in its life.
        package enum Status: String, JSONStringEnum {
            case creating
            /// Ready for `start`.
            case created
            case running
            /// Frozen; no status of the specification, but what runtimes say.
            case paused
            case stopped
        }
    }

    /// What the process behind a seccomp listener gets.
    ///
    /// config-linux.md § containerProcessState.
    package struct ProcessState: JSONCodable, Equatable {
        /// The version of the specification that the state follows.
        package var ociVersion: String
        /// The names of the descriptors that come along: "seccompFd".
        package var fds: [String]
        /// The process ID, seen by the runtime.
        package var pid: Int32
        /// The configuration's `listenerMetadata`.
        package var metadata: String?
        /// The container's state.
        package var state: State
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            ociVersion: String,
            fds: [String] = [],
            pid: Int32,
            metadata: String? = nil,
            state: State,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.ociVersion = ociVersion
            self.fds = fds
            self.pid = pid
            self.metadata = metadata
            self.state = state
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.State {
    package init(from json: inout JSONReader) throws(JSONError) {
        var ociVersion: String?
        var id: String?
        var status: Status?
        var bundle: String?
        var pid: Int32?
        var annotations: [String: String] = [:]
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "ociVersion": ociVersion = try json.read()
            case "id": id = try json.read()
            case "status": status = try json.read()
            case "pid": pid = try json.read()
            case "bundle": bundle = try json.read()
            case "annotations": annotations = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            ociVersion: try json.required(ociVersion, "ociVersion"),
            id: try json.required(id, "id"),
            status: try json.required(status, "status"),
            pid: pid,
            bundle: try json.required(bundle, "bundle"),
            annotations: annotations,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ociVersion", ociVersion)
        json.member("id", id)
        json.member("status", status)
        json.optional("pid", pid)
        json.member("bundle", bundle)
        json.optional("annotations", annotations)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.ProcessState {
    package init(from json: inout JSONReader) throws(JSONError) {
        var ociVersion: String?
        var pid: Int32?
        var state: RuntimeSpec.State?
        var fds: [String] = []
        var metadata: String?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "ociVersion": ociVersion = try json.read()
            case "fds": fds = try json.read()
            case "pid": pid = try json.read()
            case "metadata": metadata = try json.read()
            case "state": state = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            ociVersion: try json.required(ociVersion, "ociVersion"),
            fds: fds,
            pid: try json.required(pid, "pid"),
            metadata: metadata,
            state: try json.required(state, "state"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ociVersion", ociVersion)
        json.optional("fds", fds)
        json.member("pid", pid)
        json.optional("metadata", metadata)
        json.member("state", state)
        json.members(unknownFields)
        json.endObject()
    }
}
