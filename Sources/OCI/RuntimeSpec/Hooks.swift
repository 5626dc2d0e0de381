extension RuntimeSpec {
    /// Programs to run at points of the container's life (config.md § POSIX-platform Hooks).
    package struct Hooks: JSONCodable, Equatable {
        /// After the namespaces exist, before the root changes; deprecated.
        package var prestart: [Hook]
        /// After `prestart`, in the runtime's namespaces.
        package var createRuntime: [Hook]
        /// After `createRuntime`, in the container's namespaces.
        package var createContainer: [Hook]
        /// Before the user's program, inside the container.
        package var startContainer: [Hook]
        /// After the user's program has started.
        package var poststart: [Hook]
        /// After the container is deleted.
        package var poststop: [Hook]
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            prestart: [Hook] = [],
            createRuntime: [Hook] = [],
            createContainer: [Hook] = [],
            startContainer: [Hook] = [],
            poststart: [Hook] = [],
            poststop: [Hook] = [],
            unknownFields: JSONObject = JSONObject()
        ) {
            self.prestart = prestart
            self.createRuntime = createRuntime
            self.createContainer = createContainer
            self.startContainer = startContainer
            self.poststart = poststart
            self.poststop = poststop
            self.unknownFields = unknownFields
        }
    }

    /// A program that a hook runs; the container's state is its standard input.
    package struct Hook: JSONCodable, Equatable {
        /// The program: an absolute path.
        package var path: String
        /// Its arguments, argv[0] included.
        package var args: [String]
        /// Its environment.
        package var env: [String]
        /// Seconds after which it is killed.
        package var timeout: Int?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            path: String,
            args: [String] = [],
            env: [String] = [],
            timeout: Int? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.path = path
            self.args = args
            self.env = env
            self.timeout = timeout
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Hooks {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "prestart": prestart = try json.read()
            case "createRuntime": createRuntime = try json.read()
            case "createContainer": createContainer = try json.read()
            case "startContainer": startContainer = try json.read()
            case "poststart": poststart = try json.read()
            case "poststop": poststop = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("prestart", prestart)
        json.optional("createRuntime", createRuntime)
        json.optional("createContainer", createContainer)
        json.optional("startContainer", startContainer)
        json.optional("poststart", poststart)
        json.optional("poststop", poststop)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Hook {
    package init(from json: inout JSONReader) throws(JSONError) {
        var path: String?
        var args: [String] = []
        var env: [String] = []
        var timeout: Int?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "path": path = try json.read()
            case "args": args = try json.read()
            case "env": env = try json.read()
            case "timeout": timeout = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            path: try json.required(path, "path"),
            args: args,
            env: env,
            timeout: timeout,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.optional("args", args)
        json.optional("env", env)
        json.optional("timeout", timeout)
        json.members(unknownFields)
        json.endObject()
    }
}
