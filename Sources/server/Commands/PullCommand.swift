import Diagnostics
import Glibc
import Linux
import OCI
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
        var settings = try RegistrySettings(
            verifiesTLS: arguments.verifiesTLS, authFile: arguments.authFile,
            environment: NetworkCommand.environment)
        settings.warnings = RegistryWarnings {
            output.write(["event": "note", "text": .string($0)])
        }
        let pull = PullCommand(arguments)
        let trust = try ImageTrust.ofUser(policyFile: arguments.signaturePolicy)
        let candidates = try settings.registries.candidates(for: arguments.name)
        for (number, candidate) in candidates.enumerated() {
            do throws(Problem) {
                return try await pull.pull(candidate, settings, trust, output)
            } catch {
                let isLast = number == candidates.count - 1
                guard !isLast, error.kind == .notFound || error.kind == .denied else { throw error }
            }
        }
    }

    private func pull(
        _ reference: ImageReference, _ settings: RegistrySettings, _ trust: ImageTrust,
        _ output: EventOutput
    ) async throws(Problem) {
        var references = [reference]
        if arguments.takesAllTags {
            references = try await AllTagsPull(reference, settings: settings).references()
        }
        let content = try ContentStore(root: arguments.root)
        let layers = try Layers.receiving(root: arguments.root)
        let isQuiet = arguments.isQuiet
        let tellsEachPart = arguments.tellsEachPart
        let isWanted = try LazyStart.isWanted()
        for reference in references {
            var pull = try ImagePull(
                reference, platform: arguments.platform,
                allPlatforms: arguments.takesAllPlatforms, content: content, layers: layers,
                settings: settings, trust: trust,
                report: { event in
                    if case .layer = event, isQuiet { return }
                    output.write(tellsEachPart ? event.jsonWithTime : event.json)
                })
            pull.tellsEachPart = tellsEachPart
            if arguments.endsEarly, isWanted {
                pull.whenUsable = { () throws(Problem) in
                    output.write(.usable)
                    try LazyStart.leaveCaller()
                }
            }
            _ = try await pull.run()
        }
    }
}

extension PullEvent {
    /// The event with the microseconds of the machine's clock: who reads it may come to it later.
    fileprivate var jsonWithTime: JSONValue {
        guard var object = json.object else { return json }
        let now = Int64(clamping: monotonicNanoseconds() / 1000)
        object.append("at", .number(JSONNumber(now)))
        return .object(object)
    }
}

extension ImageTrust {
    /// The rules of this process's user.
    static func ofUser(policyFile: FilePath?) throws(Problem) -> ImageTrust {
        try ImageTrust(
            policyFile: policyFile, environment: NetworkCommand.environment, isRoot: geteuid() == 0)
    }
}

extension Layers {
    /// The layers of a data root, with what the environment says about new ones.
    static func receiving(root: FilePath) throws(Problem) -> Layers {
        try Layers(root: root, environment: NetworkCommand.environment)
    }
}
