import Diagnostics
import Linux
import OCI
import Registry
import SystemPackage

/// `kade-server login` and `kade-server logout`: keep and remove credentials for registries.
///
/// The credentials come as `{"user": …, "secret": …}` in a file, so that nobody sees them among the
/// arguments of processes.
struct LoginCommand {
    private var credentials: FilePath?
    private var authFile: FilePath?
    private var verifiesTLS = true
    private var server: String?

    /// Reads the arguments after the command.
    init(parsing arguments: [String], of command: String) throws(Problem) {
        var reading = FlagReading(arguments, of: command)
        while let argument = reading.next() {
            switch argument {
            case .flag("--credentials"):
                credentials = FilePath(try reading.value(of: "--credentials"))
            case .flag("--authfile"): authFile = FilePath(try reading.value(of: "--authfile"))
            case .flag("--tls-verify"): verifiesTLS = try reading.bool(of: "--tls-verify")
            case .flag(let flag): throw reading.mistake("it does not know the flag \(flag)")
            case .name(let name): server = name
            }
        }
    }

    /// Logs in with the given credentials, or without any with the stored ones.
    func login() -> Never {
        NetworkCommand.run { [self] output throws(Problem) in
            let login = RegistryLogin(try LoginServer(parsing: server), settings: try settings())
            let outcome =
                if let given = try given() {
                    try await login.run(given)
                } else {
                    try await login.runWithStored()
                }
            var event: JSONObject = ["event": "login"]
            event["user"] = outcome.user.map { .string($0) }
            switch outcome.keeper {
            case .file(let path): event["file"] = .string(path.string)
            case .helper(let name): event["helper"] = .string(name)
            case nil: break
            }
            output.write(.object(event))
        }
    }

    /// Removes what is stored.
    func logout() throws(Problem) {
        let isErased = try CredentialEditor(try settings().credentials).erase(
            try LoginServer(parsing: server))
        EventOutput().write(["event": "logout", "erased": .bool(isErased)])
    }

    private func settings() throws(Problem) -> RegistrySettings {
        try RegistrySettings(
            verifiesTLS: verifiesTLS, authFile: authFile, environment: NetworkCommand.environment)
    }

    private func given() throws(Problem) -> Credentials? {
        guard let credentials else { return nil }
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try File.read(credentials)
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot read the credentials", why: "\(error)", cause: error)
        }
        let json = try JSONValue.parse(bytes, named: "\(credentials)")
        guard let user = json["user"]?.string, let secret = json["secret"]?.string else {
            throw Problem(
                kind: .invalid, what: "cannot read the credentials",
                why: "\(credentials) has no \"user\" and \"secret\"")
        }
        return .password(user: user, secret: secret)
    }
}
