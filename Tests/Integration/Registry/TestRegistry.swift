import Foundation

/// Debian's docker-registry on a free port of 127.0.0.1, with a store of its own.
final class TestRegistry {
    /// Host and port, as references name them.
    let authority: String
    private let folder: TemporaryFolder
    private let port: ReservedPort
    private let server: Tool.Running

    /// The user that a registry with passwords knows.
    static let user = "kade"
    /// Its password.
    static let password = "s3cret:word"
    /// The line of a htpasswd file for them (bcrypt, which the registry insists on).
    static func passwordLine() throws -> String {
        let program =
            "import crypt; print(crypt.crypt('\(password)', crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))"
        let hash = try Tool.check("python3", "-W", "ignore", "-c", program)
        return "\(user):\(hash)"
    }

    init(withPassword: Bool = false, allowingDeletions: Bool = false) throws {
        folder = try TemporaryFolder()
        port = try ReservedPort()
        authority = port.authority
        var configuration = """
            version: 0.1
            log: {level: error}
            storage:
              filesystem: {rootdirectory: \(folder.at("store"))}
              delete: {enabled: \(allowingDeletions)}
            http: {addr: "\(authority)"}

            """
        if withPassword {
            try folder.write(try Self.passwordLine(), to: "htpasswd")
            configuration += "auth: {htpasswd: {realm: kade, path: \(folder.at("htpasswd"))}}\n"
        }
        try folder.write(configuration, to: "config.yml")
        server = try Tool.start(["docker-registry", "serve", folder.at("config.yml")])
        try waitForListener(at: authority)
    }

    deinit {
        server.signal(SIGKILL)
        server.process.waitUntilExit()
    }

    /// Copies an image of a layout, with all its platforms, into the registry.
    func push(
        _ images: TestImages, _ name: String, to repository: String, format: String? = nil
    ) throws {
        var arguments = [
            "skopeo", "copy", "-q", "--all", "--insecure-policy", "--dest-tls-verify=false",
            "--dest-creds", "\(Self.user):\(Self.password)",
        ]
        arguments += format.map { ["--format", $0] } ?? ["--preserve-digests"]
        arguments += ["oci:\(images.path):\(name)", "docker://\(authority)/\(repository)"]
        let outcome = try Tool.start(arguments).wait()
        guard outcome.exitCode == 0 else { throw Tool.Failure(description: outcome.errors) }
    }
}

/// A TCP port of 127.0.0.1 that is a test's own as long as the value lives.
///
/// It is held by a socket that is bound and does not listen. Another socket may be bound to the same
/// port while both have SO_REUSEADDR and nobody listens there, which is what servers ask for; but
/// the kernel gives the port to nobody who wants just any.
final class ReservedPort {
    /// The number.
    let number: Int
    private let descriptor: CInt

    init() throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var shared: CInt = 1
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let size = socklen_t(MemoryLayout<CInt>.size)
        let isShared = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &shared, size) == 0
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        number = Int(UInt16(bigEndian: address.sin_port))
        guard isShared, isBound else {
            close(descriptor)
            throw Tool.Failure(description: "no free port")
        }
    }

    deinit { close(descriptor) }

    /// Host and port.
    var authority: String { "127.0.0.1:\(number)" }
}

/// Waits until somebody listens at "127.0.0.1:PORT".
func waitForListener(at authority: String) throws {
    let port = authority.split(separator: ":").last.map(String.init) ?? ""
    try Tool.check(
        "timeout", "60", "bash", "-c",
        "until (exec 3<>/dev/tcp/127.0.0.1/\(port)) 2>/dev/null; do sleep 0.02; done")
}
