import Diagnostics
import Glibc
import RegistryServer
import SystemPackage

/// `kade-server registry`: serves the store as a registry, until it is told to end.
struct RegistryCommand {
    private var options = ImageRegistry.Options()
    /// The token server's address, names and key, of which all or none are given.
    private var token: [String: String] = [:]

    private static let tokenFlags = [
        "--token-realm", "--token-service", "--token-issuer", "--token-key",
    ]

    /// Reads the arguments after the command.
    init(parsing arguments: [String]) throws(Problem) {
        var reading = FlagReading(arguments, of: "serve a registry")
        while let argument = reading.next() {
            switch argument {
            case .flag("--root"): options.root = try reading.path(of: "--root")
            case .flag("--listen"):
                options.address = try ListenAddress(parsing: reading.value(of: "--listen"))
            case .flag("--name"): options.name = try reading.value(of: "--name")
            case .flag("--own-only"): options.showsOwnAlone = try reading.bool(of: "--own-only")
            case .flag("--read-only"): options.isReadOnly = try reading.bool(of: "--read-only")
            case .flag("--htpasswd"): options.passwordFile = try reading.path(of: "--htpasswd")
            case .flag(let flag) where Self.tokenFlags.contains(flag):
                token[flag] = try reading.value(of: flag)
            case .flag("--tls-cert"): options.certificate = try reading.path(of: "--tls-cert")
            case .flag("--tls-key"): options.key = try reading.path(of: "--tls-key")
            case .flag("--client-ca"):
                options.clientAuthorities = try reading.path(of: "--client-ca")
            case .flag("--quiet"): options.isQuiet = try reading.bool(of: "--quiet")
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): throw reading.mistake("it takes no argument, but got \(name)")
            }
        }
        let values = Self.tokenFlags.compactMap { token[$0] }
        guard values.isEmpty || values.count == Self.tokenFlags.count else {
            throw reading.mistake(
                "a token server needs all of \(Self.tokenFlags.joined(separator: ", "))")
        }
        if values.count == Self.tokenFlags.count {
            options.tokenServer = TokenServer(
                realm: values[0], service: values[1], issuer: values[2], key: FilePath(values[3]))
        }
    }

    /// Serves and ends the program: on SIGTERM and SIGINT with 0, once requests are answered.
    func run() throws(Problem) -> Never {
        var signals = EndingSignals.prepare(returningBuffersFrom: 64 << 10)
        let registry = try ImageRegistry(options)
        let work = Task {
            do throws(Problem) {
                try await registry.run()
                _exit(0)
            } catch {
                ServerProgram.tell(error)
                _exit(1)
            }
        }
        var received: CInt = 0
        sigwait(&signals, &received)
        work.cancel()
        sigwait(&signals, &received)  // who asks twice does not want to wait
        _exit(128 + received)
    }
}
