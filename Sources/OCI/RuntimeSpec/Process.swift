extension RuntimeSpec {
    /// The container's program and what the kernel lets it do (config.md § Process).
    package struct Process: JSONCodable, Equatable {
        /// Whether standard input, output and error are a pseudo terminal.
        package var terminal: Bool
        /// The terminal's first size.
        @Apart package var consoleSize: ConsoleSize?
        /// Who the program runs as.
        package var user: User
        /// The program and its arguments, as execve(2) takes them.
        package var args: [String]
        /// The environment: "NAME=value".
        package var env: [String]
        /// The working directory: absolute, inside the container.
        package var cwd: String
        /// The capability sets; nil leaves them as they are.
        @Apart package var capabilities: Capabilities?
        /// Resource limits, set with prlimit(2).
        package var rlimits: [Rlimit]
        /// Whether execve(2) may never grant privileges (`PR_SET_NO_NEW_PRIVS`).
        package var noNewPrivileges: Bool
        /// The AppArmor profile of the program.
        package var apparmorProfile: String?
        /// What the kernel adds to the program's OOM score: −1000 to 1000.
        package var oomScoreAdj: Int?
        /// The scheduling policy (`sched_setattr(2)`).
        @Apart package var scheduler: Scheduler?
        /// The SELinux label of the program.
        package var selinuxLabel: String?
        /// The I/O priority (`ioprio_set(2)`).
        package var ioPriority: IOPriority?
        /// The processors of a program started by `exec`.
        @Apart package var execCPUAffinity: CPUAffinity?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            terminal: Bool = false,
            consoleSize: ConsoleSize? = nil,
            user: User = User(),
            args: [String] = [],
            env: [String] = [],
            cwd: String,
            capabilities: Capabilities? = nil,
            rlimits: [Rlimit] = [],
            noNewPrivileges: Bool = false,
            apparmorProfile: String? = nil,
            oomScoreAdj: Int? = nil,
            scheduler: Scheduler? = nil,
            selinuxLabel: String? = nil,
            ioPriority: IOPriority? = nil,
            execCPUAffinity: CPUAffinity? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.terminal = terminal
            self.consoleSize = consoleSize
            self.user = user
            self.args = args
            self.env = env
            self.cwd = cwd
            self.capabilities = capabilities
            self.rlimits = rlimits
            self.noNewPrivileges = noNewPrivileges
            self.apparmorProfile = apparmorProfile
            self.oomScoreAdj = oomScoreAdj
            self.scheduler = scheduler
            self.selinuxLabel = selinuxLabel
            self.ioPriority = ioPriority
            self.execCPUAffinity = execCPUAffinity
            self.unknownFields = unknownFields
        }

        /// A terminal's size in characters.
        package struct ConsoleSize: JSONCodable, Equatable {
            /// Rows.
            package var height: UInt32
            /// Columns.
            package var width: UInt32
            /// Members that this version of Kade does not know, kept as they were.
            package var unknownFields: JSONObject

            package init(
                height: UInt32,
                width: UInt32,
                unknownFields: JSONObject = JSONObject()
            ) {
                self.height = height
                self.width = width
                self.unknownFields = unknownFields
            }
        }
    }

    /// Who a program runs as.
    package struct User: JSONCodable, Equatable {
        /// The user ID inside the container.
        package var uid: UInt32
        /// The group ID inside the container.
        package var gid: UInt32
        /// The file mode creation mask (`umask(2)`).
        package var umask: UInt32?
        /// Supplementary groups (`setgroups(2)`).
        package var additionalGids: [UInt32]
        /// The user's name; only other platforms use it.
        package var username: String?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            uid: UInt32 = 0,
            gid: UInt32 = 0,
            umask: UInt32? = nil,
            additionalGids: [UInt32] = [],
            username: String? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.uid = uid
            self.gid = gid
            self.umask = umask
            self.additionalGids = additionalGids
            self.username = username
            self.unknownFields = unknownFields
        }
    }

    /// The container's root file system.
    package struct Root: JSONCodable, Equatable {
        /// A directory: absolute, or relative to the bundle.
        package var path: String
        /// Whether the root is mounted read-only.
        package var readonly: Bool
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            path: String,
            readonly: Bool = false,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.path = path
            self.readonly = readonly
            self.unknownFields = unknownFields
        }
    }
}

extension RuntimeSpec.Process.ConsoleSize {
    package init(from json: inout JSONReader) throws(JSONError) {
        var height: UInt32?
        var width: UInt32?
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "height": height = try json.read()
            case "width": width = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            height: try json.required(height, "height"),
            width: try json.required(width, "width"),
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("height", height)
        json.member("width", width)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Process {
    package init(from json: inout JSONReader) throws(JSONError) {
        var cwd: String?
        var terminal: Bool = false
        var consoleSize: ConsoleSize?
        var user: RuntimeSpec.User = RuntimeSpec.User()
        var args: [String] = []
        var env: [String] = []
        var capabilities: RuntimeSpec.Capabilities?
        var rlimits: [RuntimeSpec.Rlimit] = []
        var noNewPrivileges: Bool = false
        var apparmorProfile: String?
        var oomScoreAdj: Int?
        var scheduler: RuntimeSpec.Scheduler?
        var selinuxLabel: String?
        var ioPriority: RuntimeSpec.IOPriority?
        var execCPUAffinity: RuntimeSpec.CPUAffinity?
        var unknownFields = JSONObject()
        json.refusesZeroBytes = true
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "terminal": terminal = try json.read()
            case "consoleSize": consoleSize = try json.read()
            case "user": user = try json.read()
            case "args": args = try json.read()
            case "env": env = try json.read()
            case "cwd": cwd = try json.read()
            case "capabilities": capabilities = try json.read()
            case "rlimits": rlimits = try json.read()
            case "noNewPrivileges": noNewPrivileges = try json.read()
            case "apparmorProfile": apparmorProfile = try json.read()
            case "oomScoreAdj": oomScoreAdj = try json.read()
            case "scheduler": scheduler = try json.read()
            case "selinuxLabel": selinuxLabel = try json.read()
            case "ioPriority": ioPriority = try json.read()
            case "execCPUAffinity": execCPUAffinity = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            terminal: terminal,
            consoleSize: consoleSize,
            user: user,
            args: args,
            env: env,
            cwd: try json.required(cwd, "cwd"),
            capabilities: capabilities,
            rlimits: rlimits,
            noNewPrivileges: noNewPrivileges,
            apparmorProfile: apparmorProfile,
            oomScoreAdj: oomScoreAdj,
            scheduler: scheduler,
            selinuxLabel: selinuxLabel,
            ioPriority: ioPriority,
            execCPUAffinity: execCPUAffinity,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("terminal", terminal)
        json.optional("consoleSize", consoleSize)
        json.member("user", user)
        json.optional("args", args)
        json.optional("env", env)
        json.member("cwd", cwd)
        json.optional("capabilities", capabilities)
        json.optional("rlimits", rlimits)
        json.optional("noNewPrivileges", noNewPrivileges)
        json.optional("apparmorProfile", apparmorProfile)
        json.optional("oomScoreAdj", oomScoreAdj)
        json.optional("scheduler", scheduler)
        json.optional("selinuxLabel", selinuxLabel)
        json.optional("ioPriority", ioPriority)
        json.optional("execCPUAffinity", execCPUAffinity)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.User {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "uid": uid = try json.read()
            case "gid": gid = try json.read()
            case "umask": umask = try json.read()
            case "additionalGids": additionalGids = try json.read()
            case "username": username = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("uid", uid)
        json.member("gid", gid)
        json.optional("umask", umask)
        json.optional("additionalGids", additionalGids)
        json.optional("username", username)
        json.members(unknownFields)
        json.endObject()
    }
}

extension RuntimeSpec.Root {
    package init(from json: inout JSONReader) throws(JSONError) {
        var path: String?
        var readonly: Bool = false
        var unknownFields = JSONObject()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "path": path = try json.read()
            case "readonly": readonly = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
        self.init(
            path: try json.required(path, "path"),
            readonly: readonly,
            unknownFields: unknownFields)
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member("path", path)
        json.optional("readonly", readonly)
        json.members(unknownFields)
        json.endObject()
    }
}
