import Diagnostics
import OCI
import Registry
import Storage
import SystemPackage

/// `kade-server manifest`: fetches a manifest or index of a registry, without what it names, and
/// reports it in a JSON line.
struct ManifestCommand {
    private var root: FilePath = "/var/lib/kade"
    private var authFile: FilePath?
    private var verifiesTLS = true
    private var isStored = false
    private var name = ""

    /// Reads the arguments after "manifest".
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "manifest")
        while let argument = reading.next() {
            switch argument {
            case .flag("--root"): root = FilePath(try reading.value(of: "--root"))
            case .flag("--authfile"): authFile = FilePath(try reading.value(of: "--authfile"))
            case .flag("--tls-verify"): verifiesTLS = try reading.bool(of: "--tls-verify")
            case .flag("--store"): isStored = try reading.bool(of: "--store")
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): self.name = name
            }
        }
        guard !name.isEmpty else { throw reading.mistake("it needs a reference") }
    }

    func run() -> Never {
        NetworkCommand.run { [self] output throws(Problem) in
            let settings = try RegistrySettings(
                verifiesTLS: verifiesTLS, authFile: authFile,
                environment: NetworkCommand.environment)
            let fetch = try ManifestFetch(try ImageReference(parsing: name), settings: settings)
            let found = try await fetch.run(
                storingIn: isStored ? try ContentStore(root: root) : nil)
            output.write([
                "event": "manifest", "mediaType": .string(found.mediaType.rawValue),
                "digest": .string("\(found.digest)"), "size": .number(JSONNumber(found.text.count)),
                "text": .string(String(decoding: found.text, as: UTF8.self)),
            ])
        }
    }
}
