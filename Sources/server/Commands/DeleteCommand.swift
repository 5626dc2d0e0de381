import Diagnostics
import OCI
import Registry
import SystemPackage

/// `kade-server delete`: deletes a tag of a registry, or a manifest with all its tags, and reports it
/// in a JSON line.
struct DeleteCommand {
    private var authFile: FilePath?
    private var verifiesTLS = true
    private var takesManifest = false
    private let reference: ImageReference

    /// Reads the arguments after "delete".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "delete")
        var name: String?
        while let argument = reading.next() {
            switch argument {
            case .flag("--authfile"): authFile = try reading.path(of: "--authfile")
            case .flag("--tls-verify"): verifiesTLS = try reading.bool(of: "--tls-verify")
            case .flag("--manifest"): takesManifest = try reading.bool(of: "--manifest")
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let text): name = text
            }
        }
        guard let name else { throw reading.mistake("it needs a reference") }
        reference = try ImageReference(parsing: name)
        guard reference.tag != nil || reference.digest != nil else {
            throw reading.mistake("the reference needs a tag or a digest")
        }
    }

    func run() -> Never {
        NetworkCommand.run { [self] output throws(Problem) in
            let settings = try RegistrySettings(
                verifiesTLS: verifiesTLS, authFile: authFile,
                environment: NetworkCommand.environment)
            let deletion = try ManifestDeletion(
                reference, takesManifest: takesManifest, settings: settings)
            switch try await deletion.run() {
            case .tag(let reference):
                output.write(["event": "untagged", "reference": .string(reference.familiar)])
            case .manifest(let reference):
                output.write(["event": "deleted", "reference": .string(reference.familiar)])
            }
        }
    }
}
