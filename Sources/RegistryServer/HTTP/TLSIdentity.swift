import Diagnostics
import Linux
import NIOSSL
import Synchronization
import SystemPackage

/// What a registry shows of itself over TLS, and asks of its clients.
///
/// The files are read again when they have changed: certificates are renewed while it serves.
final class TLSIdentity: Sendable {
    private let certificate: FilePath
    private let key: FilePath
    private let clientAuthorities: FilePath?
    private let log: AccessLog
    private let state: Mutex<State>

    private struct State {
        var context: NIOSSLContext
        var version: [Version]
    }

    /// A file as it is at some time; a renewed one may be another file of the same time.
    private struct Version: Equatable {
        var modified: FileTime
        var identity: FileStatus.Identity
    }

    /// Reads the files; nil for plain HTTP.
    ///
    /// - Throws: `.invalid` when they cannot be used.
    init?(_ options: ImageRegistry.Options, log: AccessLog) throws(Problem) {
        guard let certificate = options.certificate, let key = options.key else { return nil }
        self.certificate = certificate
        self.key = key
        self.log = log
        clientAuthorities = options.clientAuthorities
        let files = [certificate, key, options.clientAuthorities].compactMap(\.self)
        let version = Self.version(of: files)
        state = Mutex(
            State(
                context: try Self.context(certificate, key, options.clientAuthorities),
                version: version))
    }

    /// How to speak TLS on a new connection; files that cannot be used change nothing.
    func context() -> NIOSSLContext {
        let files = [certificate, key, clientAuthorities].compactMap(\.self)
        let (context, problem) = state.withLock { state -> (NIOSSLContext, Problem?) in
            let version = Self.version(of: files)
            guard version != state.version else { return (state.context, nil) }
            state.version = version
            do throws(Problem) {
                state.context = try Self.context(certificate, key, clientAuthorities)
                return (state.context, nil)
            } catch {
                return (state.context, error)
            }
        }
        if let problem { log.note("the certificate stays as it was: \(problem)") }
        return context
    }

    /// A missing file has none, and is noticed by reading it.
    private static func version(of files: [FilePath]) -> [Version] {
        files.compactMap { file in
            (try? FileStatus(of: file)).map {
                Version(modified: $0.modified, identity: $0.identity)
            }
        }
    }

    private static func context(
        _ certificate: FilePath, _ key: FilePath, _ clientAuthorities: FilePath?
    ) throws(Problem) -> NIOSSLContext {
        let chain = try using(certificate) {
            try NIOSSLCertificate.fromPEMFile(certificate.string)
        }
        let privateKey = try using(key) {
            try NIOSSLPrivateKey(file: key.string, format: .pem)
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let clientAuthorities {
            configuration.trustRoots = .certificates(
                try using(clientAuthorities) {
                    try NIOSSLCertificate.fromPEMFile(clientAuthorities.string)
                })
            // A client has no host name that its certificate could have to be for.
            configuration.certificateVerification = .noHostnameVerification
        }
        return try using(certificate) { try NIOSSLContext(configuration: configuration) }
    }

    private static func using<Result>(
        _ file: FilePath, _ body: () throws -> Result
    ) throws(Problem) -> Result {
        do {
            return try body()
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot use \(file) for TLS", why: "\(error)",
                fix: "see what it is with: openssl x509 -noout -text -in FILE", cause: error)
        }
    }
}
