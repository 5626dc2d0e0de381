package import Diagnostics
import Linux
import OCI
import Registry
import Storage
package import SystemPackage

/// A registry over a store: `kade registry serve`.
package struct ImageRegistry: Sendable {
    /// What a registry is asked to be.
    package struct Options: Sendable, Equatable {
        /// The data root.
        package var root: FilePath = "/var/lib/kade"
        /// Where it listens.
        package var address = ListenAddress.network(host: "127.0.0.1", port: 5000)
        /// The host and port that its own images' names begin with; nil takes "localhost" and the
        /// port.
        package var name: String?
        /// Whether images of other registries' names are left out.
        package var showsOwnAlone = false
        /// Whether nothing may be pushed or deleted.
        package var isReadOnly = false
        /// Users and passwords; nil lets everybody in.
        package var passwordFile: FilePath?
        /// Whose tokens let clients in, instead of passwords.
        package var tokenServer: TokenServer?
        /// The certificate and its chain, in PEM form; nil serves plain HTTP.
        package var certificate: FilePath?
        /// The certificate's key, in PEM form.
        package var key: FilePath?
        /// Authorities, in PEM form, one of which has to have signed a client's certificate.
        package var clientAuthorities: FilePath?
        /// Whether requests are not logged.
        package var isQuiet = false

        package init() {}

        /// Whether other machines are let in without a password or a certificate.
        var isOpen: Bool {
            !address.isLocal && passwordFile == nil && tokenServer == nil
                && clientAuthorities == nil
        }
    }

    private let options: Options

    /// How often what nobody goes on with is given up, in seconds.
    private static let sweepInterval = Duration.seconds(60)

    /// - Throws: `.invalid` for options that contradict each other.
    package init(_ options: Options) throws(Problem) {
        self.options = options
        if (options.certificate == nil) != (options.key == nil) {
            throw Self.mistake("a certificate needs its key, and a key its certificate")
        }
        if options.clientAuthorities != nil, options.certificate == nil {
            throw Self.mistake("clients show certificates only where the registry has one")
        }
        if options.passwordFile != nil, options.tokenServer != nil {
            throw Self.mistake("clients show either passwords or tokens")
        }
        if let name = options.name { try Self.check(name) }
    }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: when it cannot begin.
    package func run() async throws(Problem) {
        let log = AccessLog(isOn: !options.isQuiet)
        let tls = try TLSIdentity(options, log: log)
        let authenticator = try authenticator(log)
        let server = try await HTTPServer(at: options.address, tls: tls)
        let address = options.address.with(port: server.port)
        let name = options.name ?? server.port.map { "localhost:\($0)" } ?? "localhost"
        let api = try api(named: name, authenticator, log)
        log.note(
            "serving the registry \(name) at \(address) with \(tls == nil ? "http" : "https")")
        if options.isOpen {
            log.note(
                "WARNING: whoever reaches \(address) may "
                    + (options.isReadOnly ? "read" : "read and change") + " images: see --htpasswd")
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await sweep(api) }
                group.addTask {
                    try await server.run(log: log) { await api.respond(to: $0, $1) }
                }
                try await group.next()
                group.cancelAll()
            }
        } catch is CancellationError {
            return
        } catch {
            throw Problem(kind: .unavailable, what: "cannot serve", why: "\(error)", cause: error)
        }
    }

    private func authenticator(_ log: AccessLog) throws(Problem) -> Authenticator {
        if let file = options.passwordFile {
            return .passwords(try PasswordGate(file: file, log: log))
        }
        return if let server = options.tokenServer {
            .tokens(try TokenVerifier(server))
        } else {
            .open
        }
    }

    private func api(
        named name: String, _ authenticator: Authenticator, _ log: AccessLog
    ) throws(Problem) -> RegistryAPI {
        let content = try ContentStore(root: options.root)
        return RegistryAPI(
            content: content, layers: try Layers(root: options.root),
            repositories: Repositories(
                content: content,
                names: RepositoryNames(registry: name, showsOthers: !options.showsOwnAlone)),
            arrivals: Arrivals(content: content), uploads: UploadSessions(content: content),
            authenticator: authenticator, isReadOnly: options.isReadOnly, log: log)
    }

    /// Gives up what nobody goes on with, now and then.
    private func sweep(_ api: RegistryAPI) async throws {
        while true {
            try await Task.sleep(for: Self.sweepInterval)
            let result = try await blocking {
                Result { () throws(Problem) in
                    api.arrivals.expire()
                    try api.uploads.expire()
                }
            }
            if case .failure(let problem) = result { api.log.note("\(problem)") }
        }
    }

    private static func check(_ name: String) throws(Problem) {
        guard let reference = try? ImageReference(parsing: "\(name)/image"),
            reference.domain == name
        else {
            throw mistake("\"\(name)\" is no name of a registry: write it as HOST or HOST:PORT")
        }
    }

    private static func mistake(_ why: String) -> Problem {
        Problem(
            kind: .invalid, what: "cannot serve a registry", why: why,
            fix: "see: kade registry serve --help")
    }
}
