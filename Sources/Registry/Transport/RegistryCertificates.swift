import Diagnostics
import Linux
import NIOSSL
package import SystemPackage

/// The certificates that a machine's owner trusts for one registry.
///
/// Each directory holds a directory named "host" or "host:port", as Docker's certs.d(5) and
/// containers-certs.d(5) have it, or "host_port_", as containerd has: every `*.crt` is a certificate
/// authority, and a `*.cert` with the `*.key` of the same name is shown to the registry.
package struct RegistryCertificates: Sendable {
    /// The directories, the ones that count first first.
    package var directories: [FilePath]

    package init(directories: [FilePath]) {
        self.directories = directories
    }

    /// The places where Docker, Podman and containerd look, the user's own first.
    ///
    /// - Parameter home: the user's directory.
    package init(home: String?) {
        let programs = ["containers", "docker", "containerd"]
        let own = home.flatMap { $0.isEmpty ? nil : FilePath($0) }
        directories =
            programs.compactMap { own?.appending(".config/\($0)/certs.d") }
            + programs.map { FilePath("/etc/\($0)/certs.d") }
    }

    /// The files of the first directory that knows the registry.
    func files(for authority: String) throws(Problem) -> CertificateFiles {
        for directory in directories {
            for name in RegistryHostsFiles.names(of: authority) {
                if let files = try Self.files(in: directory.appending(name), for: authority) {
                    return files
                }
            }
        }
        return CertificateFiles(names: [], in: "/")
    }

    /// The files of a directory; nil where there is none.
    private static func files(
        in path: FilePath, for authority: String
    ) throws(Problem) -> CertificateFiles? {
        do throws(SystemCallError) {
            let names = try OpenDirectory(at: path).names().map {
                String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            }
            return CertificateFiles(names: names.sorted(), in: path)
        } catch  where error.errno == .noSuchFileOrDirectory || error.errno == .notDirectory {
            return nil
        } catch {
            throw Problem(
                kind: .denied, what: "cannot read the certificates of \(authority)",
                why: "\(path): \(error.errno)", cause: error)
        }
    }

    /// How to speak TLS with a registry.
    ///
    /// - Parameters:
    ///   - address: where it is.
    ///   - host: what `hosts.toml` says of it: certificates that are named there count alone.
    /// - Returns: the configuration, which verifies.
    /// - Throws: `.invalid` for a file that is none.
    func tlsConfiguration(
        for address: WebAddress, of host: RegistryHost?
    ) throws(Problem) -> TLSConfiguration {
        let files =
            if let host, !host.authorities.isEmpty || host.identity != nil {
                CertificateFiles(of: host)
            } else {
                try files(for: address.authority)
            }
        var configuration = TLSConfiguration.makeClientConfiguration()
        do {
            configuration.additionalTrustRoots = try files.authorities.map {
                .certificates(try NIOSSLCertificate.fromPEMFile($0.string))
            }
            if let identity = files.identity {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(
                    identity.certificate.string
                ).map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(file: identity.key.string, format: .pem))
            }
        } catch {
            throw Problem(
                kind: .invalid, what: "cannot use the certificates of \(address.authority)",
                why: "a file of \(files.directory) cannot be read in PEM form: \(error)",
                fix: "see which with: openssl x509 -noout -text -in FILE", cause: error)
        }
        return configuration
    }
}

/// The files of one registry's certificate directory, by their purpose.
package struct CertificateFiles: Equatable {
    /// The directory.
    var directory: FilePath
    /// Certificates of the authorities to trust.
    var authorities: [FilePath]
    /// What the client shows of itself.
    var identity: Identity?

    /// A certificate and its key.
    package struct Identity: Sendable, Equatable {
        package var certificate: FilePath
        package var key: FilePath
    }

    /// Those that `hosts.toml` names.
    init(of host: RegistryHost) {
        directory = FilePath(host.file).removingLastComponent()
        authorities = host.authorities
        identity = host.identity
    }

    /// Sorts names by their endings.
    init(names: [String], in directory: FilePath) {
        self.directory = directory
        authorities = names.filter { $0.hasSuffix(".crt") }.map { directory.appending($0) }
        for name in names where name.hasSuffix(".cert") {
            let key = name.dropLast(".cert".count) + ".key"
            guard names.contains(String(key)) else { continue }
            identity = Identity(
                certificate: directory.appending(name), key: directory.appending(String(key)))
            break
        }
    }
}
