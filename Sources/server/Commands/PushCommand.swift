import Diagnostics
import OCI
import Registry
import Storage

/// `kade-server push`: brings images of the store to their registry and reports in JSON lines.
struct PushCommand {
    let arguments: TransferArguments

    init(_ arguments: TransferArguments) {
        self.arguments = arguments
    }

    func run() -> Never {
        NetworkCommand.run { [arguments] output throws(Problem) in
            var settings = try RegistrySettings(
                verifiesTLS: arguments.verifiesTLS, authFile: arguments.authFile,
                environment: NetworkCommand.environment)
            settings.warnings = RegistryWarnings { text in
                output.write(PushEvent.note(text).json)
            }
            let push = try ImagePush(
                try ImageReference(parsing: arguments.name), allTags: arguments.takesAllTags,
                platform: arguments.platform, whole: arguments.isWhole,
                encoding: arguments.encoding,
                limit: try ArchiveLimit(environment: NetworkCommand.environment),
                content: try ContentStore(root: arguments.root),
                settings: settings,
                report: { event in
                    if case .layer = event, arguments.isQuiet { return }
                    output.write(event.json)
                })
            try await push.run()
        }
    }
}
