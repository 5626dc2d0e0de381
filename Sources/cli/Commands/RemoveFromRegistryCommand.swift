import Diagnostics
import Engine
import SystemPackage

/// `kade registry rm`: deletes tags and manifests of registries.
struct RemoveFromRegistryCommand: Command {
    var takesManifests = false
    var authFile: String?
    var verifiesServer = true
    var names: [String] = []

    static let canPlan = true

    static var grammar: Grammar<RemoveFromRegistryCommand> {
        Grammar(
            name: "rm", synopsis: "[OPTIONS] REFERENCE [REFERENCE...]",
            summary: "Delete tags and manifests at registries",
            discussion: """
                NAME:TAG deletes the tag, and NAME@DIGEST the manifest with all its tags.
                Images of this machine stay: kade rmi removes those. A registry may allow
                neither, or manifests alone.
                """,
            flags: [
                .text(
                    "authfile", nil, "path",
                    "The file of containers-auth.json(5) that has the credentials", \.authFile),
                .switch(
                    "manifest", nil,
                    "Delete the manifest that a tag stands for, with all its tags",
                    \.takesManifests),
                .switch(
                    "tls-verify", nil, "Want https and a certificate (default true)",
                    \.verifiesServer),
            ], operands: .atLeast(1), operandKind: .images, assign: { $0.names = $1 })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let registries = try session.engine().registries
        return try OperandLoop.run(names, in: session) { name throws(Problem) in
            var deletion = RegistryService.Deletion(name)
            deletion.takesManifest = takesManifests
            deletion.authFile = authFile.map { FilePath($0) }
            deletion.isInsecure = !verifiesServer
            return switch try registries.remove(deletion) {
            case .untagged(let reference)?: "Untagged: \(reference)"
            case .deleted(let reference)?: "Deleted: \(reference)"
            case nil: nil
            }
        }
    }
}
