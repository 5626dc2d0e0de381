import Diagnostics
import Engine

/// `kade manifest add`: puts an image into a list that is there.
struct AddToManifestCommand: Command {
    var platform = ManifestPlatformFlags()
    var verifiesServer = true
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<AddToManifestCommand> {
        Grammar(
            name: "add", synopsis: "[OPTIONS] MANIFEST_LIST IMAGE",
            summary: "Add an image to a manifest list",
            flags: ManifestPlatformFlags.flags.map { $0.lifted(to: \.platform) } + [
                .switch(
                    "tls-verify", nil,
                    "The registry has to speak https and show a certificate (default true)",
                    \.verifiesServer)
            ], operands: .exactly(2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let list = try session.engine().manifests.add(
            names[1], to: names[0], platform.change, isInsecure: !verifiesServer)
        try session.output.writeLine(list)
        return .success
    }
}

/// `kade manifest remove`: takes an image out of a list.
struct RemoveFromManifestCommand: Command {
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveFromManifestCommand> {
        Grammar(
            name: "remove", synopsis: "MANIFEST_LIST DIGEST|IMAGE",
            summary: "Remove an image from a manifest list",
            operands: .exactly(2), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let list = try session.engine().manifests.remove(names[1], from: names[0])
        try session.output.writeLine(list)
        return .success
    }
}
