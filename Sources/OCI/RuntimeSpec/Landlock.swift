extension RuntimeSpec {
    /// What Landlock lets the program do: landlock(7).
    ///
    /// No version of the specification has it. The members are those of a proposal for
    /// `process.landlock` (runtime-spec, pull request 1241), with the kernel's words for what is
    /// newer than that. It is read strictly: a member that is not known is an error.
    package struct Landlock: JSONCodable, Equatable {
        /// What is forbidden where no rule allows it.
        package var ruleset: Ruleset
        /// What is allowed.
        package var rules: Rules
        /// Whether what the kernel does not know is an error; nil is true.
        ///
        /// The proposal's default is the opposite, by which an old kernel protects less than the
        /// text says.
        package var disableBestEffort: Bool?
        /// Which denials the kernel logs.
        package var flags: [Flag]

        package init(
            ruleset: Ruleset, rules: Rules = Rules(), disableBestEffort: Bool? = nil,
            flags: [Flag] = []
        ) {
            self.ruleset = ruleset
            self.rules = rules
            self.disableBestEffort = disableBestEffort
            self.flags = flags
        }

        /// What is forbidden where no rule allows it.
        package struct Ruleset: JSONCodable, Equatable {
            package var handledAccessFS: [FileAccess] = []
            package var handledAccessNet: [PortAccess] = []
            package var scoped: [Scope] = []
        }

        /// What is allowed.
        package struct Rules: JSONCodable, Equatable {
            package var pathBeneath: [PathRule] = []
            package var netPort: [PortRule] = []
        }

        /// Access to files, and to everything beneath directories.
        package struct PathRule: JSONCodable, Equatable {
            package var allowedAccess: [FileAccess]
            package var paths: [String]
        }

        /// Access to ports of TCP.
        package struct PortRule: JSONCodable, Equatable {
            package var allowedAccess: [PortAccess]
            package var ports: [UInt16]
        }

        /// A kind of access to files and directories.
        package enum FileAccess: String, JSONStringEnum {
            case execute
            case writeFile = "write_file"
            case readFile = "read_file"
            case readDirectory = "read_dir"
            case removeDirectory = "remove_dir"
            case removeFile = "remove_file"
            case makeCharacterDevice = "make_char"
            case makeDirectory = "make_dir"
            case makeFile = "make_reg"
            case makeSocket = "make_sock"
            case makeFifo = "make_fifo"
            case makeBlockDevice = "make_block"
            case makeSymbolicLink = "make_sym"
            case refer
            case truncate
            case controlDevice = "ioctl_dev"
        }

        /// A kind of access to ports of TCP.
        package enum PortAccess: String, JSONStringEnum {
            case bind = "bind_tcp"
            case connect = "connect_tcp"
        }

        /// What does not reach processes that are not restricted.
        package enum Scope: String, JSONStringEnum {
            case abstractSockets = "abstract_unix_socket"
            case signals = "signal"
        }

        /// Which denials the kernel logs.
        package enum Flag: String, JSONStringEnum {
            case notOwn = "log_same_exec_off"
            case newPrograms = "log_new_exec_on"
            case notInner = "log_subdomains_off"
        }
    }
}

extension RuntimeSpec.Landlock {
    package init(from json: inout JSONReader) throws(JSONError) {
        json.refusesZeroBytes = true
        var ruleset: Ruleset?
        var rules = Rules()
        var disableBestEffort: Bool?
        var flags: [Flag] = []
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "ruleset": ruleset = try json.read()
            case "rules": rules = try json.read()
            case "disableBestEffort": disableBestEffort = try json.read()
            case "flags": flags = try json.read()
            default: throw json.error("is not known")
            }
        }
        self.init(
            ruleset: try json.required(ruleset, "ruleset"), rules: rules,
            disableBestEffort: disableBestEffort, flags: flags)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("ruleset", ruleset)
        json.member("rules", rules)
        json.optional("disableBestEffort", disableBestEffort)
        json.optional("flags", flags)
        json.endObject()
    }
}

extension RuntimeSpec.Landlock.Ruleset {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "handledAccessFS": handledAccessFS = try json.read()
            case "handledAccessNet": handledAccessNet = try json.read()
            case "scoped": scoped = try json.read()
            default: throw json.error("is not known")
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("handledAccessFS", handledAccessFS)
        json.optional("handledAccessNet", handledAccessNet)
        json.optional("scoped", scoped)
        json.endObject()
    }
}

extension RuntimeSpec.Landlock.Rules {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "pathBeneath": pathBeneath = try json.read()
            case "netPort": netPort = try json.read()
            default: throw json.error("is not known")
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("pathBeneath", pathBeneath)
        json.optional("netPort", netPort)
        json.endObject()
    }
}

extension RuntimeSpec.Landlock.PathRule {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(allowedAccess: [], paths: [])
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "allowedAccess": allowedAccess = try json.read()
            case "paths": paths = try json.read()
            default: throw json.error("is not known")
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("allowedAccess", allowedAccess)
        json.member("paths", paths)
        json.endObject()
    }
}

extension RuntimeSpec.Landlock.PortRule {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init(allowedAccess: [], ports: [])
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "allowedAccess": allowedAccess = try json.read()
            case "ports": ports = try json.read()
            default: throw json.error("is not known")
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("allowedAccess", allowedAccess)
        json.member("ports", ports)
        json.endObject()
    }
}
