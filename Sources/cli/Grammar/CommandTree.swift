import Diagnostics

/// All commands of `kade` and the groups that gather them, as Docker has them.
enum CommandTree {
    /// A word after `kade`.
    struct Entry {
        let name: String
        let command: any Command.Type
        /// Not listed in the help: for other programs, and for building the package.
        var isHidden = false
    }

    /// A group: `kade image ls`.
    struct Group {
        let name: String
        let summary: String
        let entries: [Entry]
        /// Not listed in the help: a second name of another group.
        var isHidden = false
    }

    /// The commands one may type right after `kade`.
    static var top: [Entry] {
        common
            + containerEntries.filter {
                !["clone", "ls", "list", "cleanup", "exists", "inspect", "prune"].contains($0.name)
            }
            + [
                Entry(name: "bake", command: BakeCommand.self),
                Entry(name: "build", command: BuildCommand.self),
                Entry(name: "images", command: ImagesCommand.self),
                Entry(name: "rmi", command: RemoveImageCommand.self),
                Entry(name: "pull", command: PullCommand.self),
                Entry(name: "push", command: PushCommand.self),
                Entry(name: "tag", command: TagCommand.self),
                Entry(name: "untag", command: UntagCommand.self),
                Entry(name: "load", command: LoadCommand.self),
                Entry(name: "save", command: SaveCommand.self),
                Entry(name: "import", command: ImportCommand.self),
                Entry(name: "history", command: HistoryCommand.self),
            ]
    }

    private static var common: [Entry] {
        [
            Entry(name: "events", command: EventsCommand.self),
            Entry(name: "explain", command: ExplainCommand.self),
            Entry(name: "info", command: InfoCommand.self),
            Entry(name: "inspect", command: InspectCommand.self),
            Entry(name: "login", command: LoginCommand.self),
            Entry(name: "logout", command: LogoutCommand.self),
            Entry(name: "map", command: MapCommand.self),
            Entry(name: "search", command: SearchCommand.self),
            Entry(name: "unshare", command: UnshareCommand.self),
            Entry(name: "version", command: VersionCommand.self),
            Entry(name: "why", command: WhyCommand.self),
            Entry(name: "completion", command: CompletionCommand.self),
            Entry(name: "manual", command: ManualCommand.self, isHidden: true),
            Entry(name: "__complete", command: CompleteCommand.self, isHidden: true),
        ]
    }

    static var groups: [Group] {
        [
            Group(name: "container", summary: "Manage containers", entries: containerEntries),
            Group(
                name: "healthcheck", summary: "Manage health checks of containers",
                entries: [
                    Entry(name: "run", command: HealthcheckCommand.self)
                ]),
            Group(name: "image", summary: "Manage images", entries: imageEntries),
            Group(name: "builder", summary: "Manage builds", entries: builderEntries),
            Group(
                name: "buildx", summary: "Manage builds", entries: builderEntries, isHidden: true),
            Group(
                name: "manifest", summary: "Manage image manifests and manifest lists",
                entries: [
                    Entry(name: "add", command: AddToManifestCommand.self),
                    Entry(name: "annotate", command: AnnotateManifestCommand.self),
                    Entry(name: "create", command: CreateManifestCommand.self),
                    Entry(name: "exists", command: ExistsCommand<ManifestKind>.self),
                    Entry(name: "inspect", command: InspectManifestCommand.self),
                    Entry(name: "push", command: PushManifestCommand.self),
                    Entry(name: "remove", command: RemoveFromManifestCommand.self),
                    Entry(name: "rm", command: RemoveManifestCommand.self),
                ]),
            Group(
                name: "network", summary: "Manage networks",
                entries: [
                    Entry(name: "connect", command: ConnectNetworkCommand.self),
                    Entry(name: "create", command: CreateNetworkCommand.self),
                    Entry(name: "disconnect", command: DisconnectNetworkCommand.self),
                    Entry(name: "exists", command: ExistsCommand<NetworkKind>.self),
                    Entry(name: "inspect", command: InspectNetworkCommand.self),
                    Entry(name: "ls", command: ListNetworksCommand.self),
                    Entry(name: "list", command: ListNetworksCommand.self, isHidden: true),
                    Entry(name: "prune", command: PruneNetworksCommand.self),
                    Entry(name: "reload", command: ReloadNetworkCommand.self),
                    Entry(name: "rm", command: RemoveNetworkCommand.self),
                    Entry(name: "remove", command: RemoveNetworkCommand.self, isHidden: true),
                    Entry(name: "update", command: UpdateNetworkCommand.self),
                ]),
            Group(
                name: "registry", summary: "Manage registries",
                entries: [
                    Entry(name: "rm", command: RemoveFromRegistryCommand.self),
                    Entry(name: "remove", command: RemoveFromRegistryCommand.self, isHidden: true),
                    Entry(name: "serve", command: ServeRegistryCommand.self),
                ]),
            Group(
                name: "secret", summary: "Manage secrets",
                entries: [
                    Entry(name: "create", command: CreateSecretCommand.self),
                    Entry(name: "exists", command: ExistsCommand<SecretKind>.self),
                    Entry(name: "inspect", command: InspectSecretCommand.self),
                    Entry(name: "ls", command: ListSecretsCommand.self),
                    Entry(name: "list", command: ListSecretsCommand.self, isHidden: true),
                    Entry(name: "rm", command: RemoveSecretCommand.self),
                    Entry(name: "remove", command: RemoveSecretCommand.self, isHidden: true),
                ]),
            Group(
                name: "system", summary: "Manage Kade",
                entries: [
                    Entry(name: "check", command: CheckCommand.self),
                    Entry(name: "df", command: DiskUsageCommand.self),
                    Entry(name: "events", command: EventsCommand.self),
                    Entry(name: "info", command: InfoCommand.self),
                    Entry(name: "prune", command: PruneSystemCommand.self),
                    Entry(name: "reset", command: ResetSystemCommand.self),
                ]),
            Group(name: "volume", summary: "Manage volumes", entries: volumeEntries),
        ]
    }

    private static var builderEntries: [Entry] {
        [
            Entry(name: "bake", command: BakeCommand.self),
            Entry(name: "build", command: BuildCommand.self),
            Entry(name: "prune", command: PruneBuilderCommand.self),
        ]
    }

    private static var volumeEntries: [Entry] {
        [
            Entry(name: "create", command: CreateVolumeCommand.self),
            Entry(name: "exists", command: ExistsCommand<VolumeKind>.self),
            Entry(name: "export", command: ExportVolumeCommand.self),
            Entry(name: "import", command: ImportVolumeCommand.self),
            Entry(name: "inspect", command: InspectVolumeCommand.self),
            Entry(name: "ls", command: ListVolumesCommand.self),
            Entry(name: "list", command: ListVolumesCommand.self, isHidden: true),
            Entry(name: "prune", command: PruneVolumesCommand.self),
            Entry(name: "rm", command: RemoveVolumeCommand.self),
            Entry(name: "remove", command: RemoveVolumeCommand.self, isHidden: true),
            Entry(name: "update", command: UpdateVolumeCommand.self, isHidden: true),
        ]
    }

    private static var containerEntries: [Entry] {
        [
            Entry(name: "attach", command: AttachCommand.self),
            Entry(name: "clone", command: CloneCommand.self),
            Entry(name: "commit", command: CommitCommand.self),
            Entry(name: "cp", command: CopyCommand.self),
            Entry(name: "create", command: CreateCommand.self),
            Entry(name: "diff", command: DiffCommand.self),
            Entry(name: "exec", command: ExecCommand.self),
            Entry(name: "exists", command: ExistsCommand<ContainerKind>.self),
            Entry(name: "export", command: ExportCommand.self),
            Entry(name: "inspect", command: InspectContainerCommand.self),
            Entry(name: "kill", command: KillCommand.self),
            Entry(name: "logs", command: LogsCommand.self),
            Entry(name: "ls", command: ListContainersCommand.self),
            Entry(name: "list", command: ListContainersCommand.self, isHidden: true),
            Entry(name: "ps", command: ListContainersCommand.self),
            Entry(name: "pause", command: PauseCommand.self),
            Entry(name: "port", command: PortCommand.self),
            Entry(name: "prune", command: PruneContainersCommand.self),
            Entry(name: "rename", command: RenameCommand.self),
            Entry(name: "restart", command: RestartCommand.self),
            Entry(name: "rm", command: RemoveCommand.self),
            Entry(name: "remove", command: RemoveCommand.self, isHidden: true),
            Entry(name: "run", command: RunCommand.self),
            Entry(name: "start", command: StartCommand.self),
            Entry(name: "stats", command: StatsCommand.self),
            Entry(name: "stop", command: StopCommand.self),
            Entry(name: "top", command: TopCommand.self),
            Entry(name: "unpause", command: UnpauseCommand.self),
            Entry(name: "update", command: UpdateCommand.self),
            Entry(name: "wait", command: WaitCommand.self),
            Entry(name: "cleanup", command: CleanupCommand.self, isHidden: true),
        ]
    }

    private static var imageEntries: [Entry] {
        [
            Entry(name: "attestations", command: AttestationsCommand.self),
            Entry(name: "build", command: BuildCommand.self),
            Entry(name: "diff", command: ImageDiffCommand.self),
            Entry(name: "exists", command: ExistsCommand<ImageKind>.self),
            Entry(name: "history", command: HistoryCommand.self),
            Entry(name: "import", command: ImportCommand.self),
            Entry(name: "inspect", command: InspectImageCommand.self),
            Entry(name: "load", command: LoadCommand.self),
            Entry(name: "ls", command: ImagesCommand.self),
            Entry(name: "list", command: ImagesCommand.self, isHidden: true),
            Entry(name: "mount", command: MountImageCommand.self),
            Entry(name: "prune", command: PruneImagesCommand.self),
            Entry(name: "pull", command: PullCommand.self),
            Entry(name: "push", command: PushCommand.self),
            Entry(name: "rm", command: RemoveImageCommand.self),
            Entry(name: "remove", command: RemoveImageCommand.self, isHidden: true),
            Entry(name: "save", command: SaveCommand.self),
            Entry(name: "search", command: SearchCommand.self),
            Entry(name: "tag", command: TagCommand.self),
            Entry(name: "tree", command: ImageTreeCommand.self),
            Entry(name: "unmount", command: UnmountImageCommand.self),
            Entry(name: "umount", command: UnmountImageCommand.self, isHidden: true),
            Entry(name: "untag", command: UntagCommand.self),
        ]
    }
}
