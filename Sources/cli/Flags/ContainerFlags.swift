import Engine

/// The flags of `run` and `create`, as far as they describe the container.
struct ContainerFlags {
    /// What the flags say by themselves.
    var request = ContainerRequest(image: "")
    /// `-e`, still without the values of bare names.
    var environment: [String] = []
    var environmentFiles: [String] = []
    var labels: [Label] = []
    var labelFiles: [String] = []
    var volumes: [VolumeFlag] = []
    var devices: [DeviceFlag] = []
    /// `--env-host`, `--http-proxy`, `--read-only-tmpfs` and `--replace`.
    var usesHostEnvironment = false
    var passesProxies = false
    var mountsTmpfs = false
    var replaces = false
    /// `--os`, `--arch` and `--variant`: parts of `--platform`.
    var platformParts = PlatformParts()
    /// `--authfile` and `--tls-verify`, for a pull.
    var authFile: String?
    var verifiesServer = true
    /// `--rootfs`: what stands in the image's place is a directory.
    var hasRootfs = false
    /// `--requires`, each a list.
    var required: [String] = []
    /// `--passwd`; nil where nothing is said.
    var addsUser: Bool?
    /// `--volume-driver`: for volumes of `-v`.
    var volumeDriver: String?
    var securityOptions: [SecurityOption] = []
    var entrypoint: String?
    var networking = NetworkFlags()
    var isQuiet = false
    var pullPolicy = PullPolicy.missing
    /// `--cidfile`.
    var idFile: String?

    static var flags: [Flag<ContainerFlags>] {
        processFlags + identityFlags + HealthFlags.flags + cpuFlags + memoryFlags + deviceFlags
            + namespaceFlags + networkFlags + securityFlags + storageFlags + imageFlags
            + podmanFlags + podmanFileFlags + podmanImageFlags + UnsupportedRunFlags.flags
    }

    private static var processFlags: [Flag<ContainerFlags>] {
        [
            .text(
                "entrypoint", nil, "string", "Overwrite the default ENTRYPOINT of the image",
                \.entrypoint),
            .list(
                "env", "e", "list", "Set environment variables", \.environment,
                EnvironmentFlag.parse),
            .list(
                "env-file", nil, "list", "Read in a file of environment variables",
                \.environmentFiles),
            .list(
                "group-add", nil, "list", "Add additional groups to join",
                \.request.process.additionalGroups),
            .switch(
                "init", nil,
                "Run an init inside the container that forwards signals and reaps processes",
                \.request.process.hasInit),
            .switch(
                "interactive", "i", "Keep STDIN open even if not attached",
                \.request.process.isInteractive),
            .switch("tty", "t", "Allocate a pseudo-TTY", \.request.process.hasTerminal),
            .text(
                "user", "u", "string", "Username or UID (format: <name|uid>[:<group|gid>])",
                \.request.process.user),
            .value(
                "workdir", "w", "string", "Working directory inside the container",
                \.request.process.workingDirectory, WorkingDirectoryFlag.parse),
            .setting(
                "oom-score-adj", nil, "int", "Tune host's OOM preferences (-1000 to 1000)",
                \.request.process.outOfMemoryScoreAdjustment, NumberValue.parse(in: -1000...1000)),
        ]
    }

    private static var identityFlags: [Flag<ContainerFlags>] {
        [
            .text("name", nil, "string", "Assign a name to the container", \.request.name),
            .list("label", "l", "list", "Set meta data on a container", \.labels, LabelFlag.parse),
            .list(
                "label-file", nil, "list", "Read in a line delimited file of labels", \.labelFiles),
            .pairs(
                "annotation", nil, "map",
                "Add an annotation to the container (passed through to the OCI runtime)",
                \.request.annotations, KeyValueFlag.parse),
            .switch(
                "rm", nil,
                "Automatically remove the container and its anonymous volumes when it exits",
                \.request.isRemovedAfterExit),
            .switch(
                "no-healthcheck", nil, "Disable any container-specified HEALTHCHECK",
                \.request.disablesHealthcheck),
            .setting(
                "restart", nil, "string",
                "Restart policy to apply when a container exits (default \"no\")",
                \.request.restartPolicy, RestartFlag.parse),
            .value(
                "stop-signal", nil, "string", "Signal to stop the container",
                \.request.stopSignal, SignalFlag.parse),
            .value(
                "stop-timeout", nil, "int", "Timeout (in seconds) to stop a container",
                \.request.stopTimeoutInSeconds, NumberValue.parseInt),
            .text("cidfile", nil, "string", "Write the container ID to the file", \.idFile),
            .setting(
                "log-driver", nil, "string",
                "Logging driver for the container: json-file, local, journald, syslog or none",
                \.request.logging.driver, { $0 }),
            .pairs(
                "log-opt", nil, "list", "Log driver options, such as max-size=10m",
                \.request.logging.options, KeyValueFlag.parse),
        ]
    }

    private static var imageFlags: [Flag<ContainerFlags>] {
        [
            .text(
                "platform", nil, "string", "Set platform, as os[/architecture[/variant]]",
                \.request.platform),
            .setting(
                "pull", nil, "string",
                "Pull image before running (\"always\", \"missing\", \"newer\", \"never\") "
                    + "(default \"missing\")",
                \.pullPolicy, PullPolicy.parse),
            .switch("quiet", "q", "Suppress the pull output", \.isQuiet),
        ]
    }
}

/// `-w`: a directory inside the container.
enum WorkingDirectoryFlag {
    static func parse(_ text: String) throws(InvalidValue) -> String {
        guard text.hasPrefix("/") else {
            throw InvalidValue(
                "the working directory '\(text)' is invalid, it needs to be an absolute path")
        }
        return text
    }
}
