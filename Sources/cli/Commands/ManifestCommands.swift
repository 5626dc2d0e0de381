import Diagnostics
import Engine
import OCI

/// `kade manifest create`: puts images for several platforms under one name.
struct CreateManifestCommand: Command {
    var amends = false
    var isInsecure = false
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<CreateManifestCommand> {
        Grammar(
            name: "create", synopsis: "MANIFEST_LIST [MANIFEST...]",
            summary: "Create a local manifest list for annotating and pushing to a registry",
            flags: [
                .switch("amend", "a", "Amend an existing manifest list", \.amends),
                .switch(
                    "insecure", nil, "Allow communication with an insecure registry", \.isInsecure),
            ], operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let created = try session.engine().manifests.create(
            names[0], of: Array(names.dropFirst()), amends: amends, isInsecure: isInsecure)
        try session.output.writeLine("Created manifest list \(created)")
        return .success
    }
}

/// `kade manifest annotate`: says what an image of a list runs on.
struct AnnotateManifestCommand: Command {
    var platform = ManifestPlatformFlags()
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<AnnotateManifestCommand> {
        Grammar(
            name: "annotate", synopsis: "[OPTIONS] MANIFEST_LIST MANIFEST",
            summary: "Add additional information to a local image manifest",
            flags: ManifestPlatformFlags.flags.map { $0.lifted(to: \.platform) },
            operands: .exactly(2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        try session.engine().manifests.annotate(names[0], image: names[1], platform.change)
        return .success
    }
}

/// `kade manifest inspect`: shows a list, or a manifest of a registry.
struct InspectManifestCommand: Command {
    var isInsecure = false
    var isVerbose = false
    var names: [String] = []

    static var grammar: Grammar<InspectManifestCommand> {
        Grammar(
            name: "inspect", synopsis: "[OPTIONS] [MANIFEST_LIST] MANIFEST",
            summary: "Display an image manifest, or manifest list",
            flags: [
                .switch(
                    "insecure", nil, "Allow communication with an insecure registry", \.isInsecure),
                .switch(
                    "verbose", "v", "Output additional info including layers and platform",
                    \.isVerbose),
            ], operands: .between(1, 2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let manifests = try session.engine().manifests
        let name = names[names.count - 1]
        let list = names.count == 2 ? names[0] : nil
        let manifest =
            if isVerbose {
                try manifests.details(of: name, in: list, isInsecure: isInsecure)
            } else {
                try manifests.inspect(name, in: list, isInsecure: isInsecure)
            }
        try session.output.write(manifest.jsonString(.indented) + "\n")
        return .success
    }
}

/// `kade manifest push`: sends a list to its registry.
struct PushManifestCommand: Command {
    var isInsecure = false
    var purges = false
    var name = ""

    static let canPlan = true

    static var grammar: Grammar<PushManifestCommand> {
        Grammar(
            name: "push", synopsis: "[OPTIONS] MANIFEST_LIST",
            summary: "Push a manifest list to a repository",
            flags: [
                .switch(
                    "insecure", nil, "Allow push to an insecure registry", \.isInsecure),
                .switch("purge", "p", "Remove the local manifest list after push", \.purges),
            ], operands: .exactly(1), operandKind: .images, assign: { $0.name = $1[0] })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var display = ProgressDisplay(
            on: session.error, style: .fitting(session.error, isQuiet: false))
        let digest = try session.engine().manifests.push(
            name, purges: purges, isInsecure: isInsecure
        ) { event in display.show(event) }
        if let failure = display.failure { throw failure }
        try session.output.writeLine(digest)
        return .success
    }
}

/// `kade manifest rm`: removes lists from the store.
struct RemoveManifestCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveManifestCommand> {
        Grammar(
            name: "rm", synopsis: "MANIFEST_LIST [MANIFEST_LIST...]",
            summary: "Delete one or more manifest lists from local storage",
            operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        for name in names { try session.engine().manifests.remove(name) }
        return .success
    }
}
