extension ImageConfiguration {
    /// What a container gets unless asked otherwise.
    package struct Defaults: JSONCodable, Equatable {
        /// The user: "name", "uid", "user:group".
        package var user: String?
        /// Ports that the program listens on: "80/tcp".
        package var exposedPorts: NameSet
        /// The environment: "NAME=value".
        package var env: [String]
        /// The beginning of the command line.
        package var entrypoint: [String]
        /// The rest of the command line, which a run's arguments replace.
        package var cmd: [String]
        /// Directories that get a volume of their own.
        package var volumes: NameSet
        /// The working directory.
        package var workingDir: String?
        /// Free metadata.
        package var labels: [String: String]
        /// The signal that asks the program to end: "SIGTERM".
        package var stopSignal: String?
        /// Whether Windows gets the command line as it is.
        package var argsEscaped: Bool
        /// How to find out whether the program works; Docker's.
        package var healthcheck: Healthcheck?
        /// The shell of a Dockerfile's `RUN`; Docker's.
        package var shell: [String]
        /// Instructions for a build on top of the image; Docker's.
        package var onBuild: [String]
        /// Seconds between the stop signal and SIGKILL; Docker's.
        package var stopTimeout: Int?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            user: String? = nil,
            exposedPorts: NameSet = NameSet(),
            env: [String] = [],
            entrypoint: [String] = [],
            cmd: [String] = [],
            volumes: NameSet = NameSet(),
            workingDir: String? = nil,
            labels: [String: String] = [:],
            stopSignal: String? = nil,
            argsEscaped: Bool = false,
            healthcheck: Healthcheck? = nil,
            shell: [String] = [],
            onBuild: [String] = [],
            stopTimeout: Int? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.user = user
            self.exposedPorts = exposedPorts
            self.env = env
            self.entrypoint = entrypoint
            self.cmd = cmd
            self.volumes = volumes
            self.workingDir = workingDir
            self.labels = labels
            self.stopSignal = stopSignal
            self.argsEscaped = argsEscaped
            self.healthcheck = healthcheck
            self.shell = shell
            self.onBuild = onBuild
            self.stopTimeout = stopTimeout
            self.unknownFields = unknownFields
        }
    }

    /// How to find out whether the program works; times are in nanoseconds.
    package struct Healthcheck: JSONCodable, Equatable {
        /// "NONE", "CMD" or "CMD-SHELL" and the command.
        package var test: [String]
        /// The time between two checks.
        package var interval: Int64?
        /// The time after which a check has failed.
        package var timeout: Int64?
        /// The time in which failures do not count.
        package var startPeriod: Int64?
        /// The time between two checks in the start period.
        package var startInterval: Int64?
        /// How many failures in a row make it unhealthy.
        package var retries: Int?
        /// Members that this version of Kade does not know, kept as they were.
        package var unknownFields: JSONObject

        package init(
            test: [String] = [],
            interval: Int64? = nil,
            timeout: Int64? = nil,
            startPeriod: Int64? = nil,
            startInterval: Int64? = nil,
            retries: Int? = nil,
            unknownFields: JSONObject = JSONObject()
        ) {
            self.test = test
            self.interval = interval
            self.timeout = timeout
            self.startPeriod = startPeriod
            self.startInterval = startInterval
            self.retries = retries
            self.unknownFields = unknownFields
        }
    }
}

extension ImageConfiguration.Defaults {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "User": user = try json.read()
            case "ExposedPorts": exposedPorts = try json.read()
            case "Env": env = try json.read()
            case "Entrypoint": entrypoint = try json.read()
            case "Cmd": cmd = try json.read()
            case "Volumes": volumes = try json.read()
            case "WorkingDir": workingDir = try json.read()
            case "Labels": labels = try json.read()
            case "StopSignal": stopSignal = try json.read()
            case "ArgsEscaped": argsEscaped = try json.read()
            case "Healthcheck": healthcheck = try json.read()
            case "Shell": shell = try json.read()
            case "OnBuild": onBuild = try json.read()
            case "StopTimeout": stopTimeout = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("User", user)
        json.optional("ExposedPorts", exposedPorts)
        json.optional("Env", env)
        json.optional("Entrypoint", entrypoint)
        json.optional("Cmd", cmd)
        json.optional("Volumes", volumes)
        json.optional("WorkingDir", workingDir)
        json.optional("Labels", labels)
        json.optional("StopSignal", stopSignal)
        json.optional("ArgsEscaped", argsEscaped)
        json.optional("Healthcheck", healthcheck)
        json.optional("Shell", shell)
        json.optional("OnBuild", onBuild)
        json.optional("StopTimeout", stopTimeout)
        json.members(unknownFields)
        json.endObject()
    }
}

extension ImageConfiguration.Healthcheck {
    package init(from json: inout JSONReader) throws(JSONError) {
        self.init()
        try json.enterObject()
        while let key = try json.nextKey() {
            switch key {
            case "Test": test = try json.read()
            case "Interval": interval = try json.read()
            case "Timeout": timeout = try json.read()
            case "StartPeriod": startPeriod = try json.read()
            case "StartInterval": startInterval = try json.read()
            case "Retries": retries = try json.read()
            default: try unknownFields.keep(key, from: &json)
            }
        }
    }

    package func write(to json: inout JSONWriter) {
        json.beginObject()
        json.optional("Test", test)
        json.optional("Interval", interval)
        json.optional("Timeout", timeout)
        json.optional("StartPeriod", startPeriod)
        json.optional("StartInterval", startInterval)
        json.optional("Retries", retries)
        json.members(unknownFields)
        json.endObject()
    }
}
