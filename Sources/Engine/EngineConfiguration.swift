import Storage
package import SystemPackage

/// Where an engine keeps its things and finds its programs; the caller decides, the engine asks no
/// environment.
package struct EngineConfiguration: Sendable {
    /// What lasts: images, layers, containers, volumes and the database.
    package var dataRoot: FilePath
    /// What ends with the machine: sockets and the runtime's states.
    package var runRoot: FilePath
    /// The program `kade-runtime`.
    package var runtimeProgram: FilePath
    /// The program `kade-server`, which talks to registries.
    package var serverProgram: FilePath
    /// The command that removes a `--rm` container whose client went away; the container's ID is
    /// added to it: `[kade, --root, …, rm, --force, --volumes]`.
    package var removalCommand: [String]
    /// The directories of `PATH`, to look for an init program (`--init`) and for `ps`.
    package var searchPath: [FilePath]
    /// The environment that programs of the engine get: proxies, certificates and `PATH`.
    package var helperEnvironment: [String]
    /// The directories of CDI's files, the later ones before the earlier ones.
    package var deviceDirectories: [FilePath]
    /// Where the files of CNI networks are.
    package var cniDirectory: FilePath
    /// The directories of their plugins.
    package var cniPath: [String]
    /// The network of containers that name none: `bridge`, `none`, or another one's name.
    package var defaultNetwork: String
    /// Whether mounts of this process are seen by nobody else, and end with it.
    package var hasPrivateMounts = false
    /// How the roots of new containers are made of their images' layers.
    var storageDriver = StorageDriver.Choice.auto
    /// Whether what makes a container is kept for `explain --steps`, `explain --last` and `why`.
    package var recordsSteps = true
    /// Who looks at the steps while they are made, beside their record; nil for nobody.
    package var watch: StepWatch?
    /// Kade's version, for `version` and `info`.
    package var version: String
    /// Where steps are noted that are not to be done; nil for an engine that does them.
    package var plan: StepPlan?

    package init(
        dataRoot: FilePath, runRoot: FilePath, runtimeProgram: FilePath, serverProgram: FilePath,
        removalCommand: [String], searchPath: [FilePath], helperEnvironment: [String],
        deviceDirectories: [FilePath], cniDirectory: FilePath, cniPath: [String],
        defaultNetwork: String, version: String
    ) {
        self.dataRoot = dataRoot
        self.runRoot = runRoot
        self.runtimeProgram = runtimeProgram
        self.serverProgram = serverProgram
        self.removalCommand = removalCommand
        self.searchPath = searchPath
        self.helperEnvironment = helperEnvironment
        self.deviceDirectories = deviceDirectories
        self.cniDirectory = cniDirectory
        self.cniPath = cniPath
        self.defaultNetwork = defaultNetwork
        self.version = version
    }
}
