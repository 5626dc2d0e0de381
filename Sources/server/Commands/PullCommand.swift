import Diagnostics
import Linux
import Registry
import Storage
import SystemPackage

/// `kade-server pull`: brings an image into the store and reports in JSON lines.
struct PullCommand {
    let arguments: TransferArguments

    init(_ arguments: TransferArguments) {
        self.arguments = arguments
    }

    func run() -> Never {
        NetworkCommand.run { [arguments] output throws(Problem) in
            try await Self.pull(arguments, output: output)
        }
    }

    private static func pull(
        _ arguments: TransferArguments, output: EventOutput
    ) async throws(Problem) {
        let settings = RegistrySettings(
            verifiesTLS: arguments.verifiesTLS, environment: NetworkCommand.environment)
        var references = [arguments.reference]
        if arguments.takesAllTags {
            references = try await AllTagsPull(arguments.reference, settings: settings).references()
        }
        let content = try ContentStore(root: arguments.root)
        let layers = try Layers.limited(root: arguments.root)
        for reference in references {
            let pull = ImagePull(
                reference, platform: arguments.platform, content: content, layers: layers,
                settings: settings,
                report: { event in
                    if case .layer = event, arguments.isQuiet { return }
                    output.write(event)
                })
            _ = try await pull.run()
        }
    }
}

extension Layers {
    /// The layers of a data root, with the limit that the environment sets.
    static func limited(root: FilePath) throws(Problem) -> Layers {
        var layers = try Layers(root: root)
        layers.archiveLimit = try ArchiveLimit(environment: NetworkCommand.environment)
        return layers
    }
}
