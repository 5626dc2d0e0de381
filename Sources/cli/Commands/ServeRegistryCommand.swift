import Diagnostics
import Engine

/// `kade registry serve`: the image store as a registry for other machines.
struct ServeRegistryCommand: Command {
    var listen: String?
    var name: String?
    var passwordFile: String?
    var tokenRealm: String?
    var tokenService: String?
    var tokenIssuer: String?
    var tokenKey: String?
    var certificate: String?
    var key: String?
    var clientAuthorities: String?
    var isReadOnly = false
    var showsOwnAlone = false
    var isQuiet = false

    static var grammar: Grammar<ServeRegistryCommand> {
        Grammar(
            name: "serve", synopsis: "[OPTIONS]", summary: "Serve the image store as a registry",
            discussion: """
                The API is that of the OCI distribution specification. What is pushed to it is an
                image of this machine: app:1 becomes NAME/app:1, and an image that is tagged so can
                be pulled. Images of other names can be pulled as well, by their full names
                (docker.io/library/debian) and, of Docker's Hub, as a mirror of it has them
                (library/debian, debian). It runs until SIGTERM, and then answers the requests that
                it has begun with. Each request is a line on standard output.
                """,
            flags: [
                .text(
                    "client-ca", nil, "path",
                    "Only let clients in with a certificate that one of these authorities signed",
                    \.clientAuthorities),
                .text(
                    "htpasswd", nil, "path",
                    "Only let users in that this file has, made with htpasswd -B", \.passwordFile),
                .text(
                    "listen", nil, "address",
                    "Where to listen: ADDRESS:PORT or unix:///PATH (default \"127.0.0.1:5000\")",
                    \.listen),
                .text(
                    "name", nil, "string",
                    "The registry of the images pushed here (default \"localhost:PORT\")", \.name),
                .switch("own-only", nil, "Only show images of that registry", \.showsOwnAlone),
                .switch("quiet", "q", "Do not log requests", \.isQuiet),
                .switch("read-only", nil, "Refuse pushes and deletions", \.isReadOnly),
                .text("tls-cert", nil, "path", "Serve HTTPS with this certificate", \.certificate),
                .text("tls-key", nil, "path", "The certificate's key", \.key),
                .text(
                    "token-issuer", nil, "string", "The token server, as its tokens name it",
                    \.tokenIssuer),
                .text(
                    "token-key", nil, "path",
                    "The token server's public key (PEM; ECDSA or Ed25519)", \.tokenKey),
                .text(
                    "token-realm", nil, "url",
                    "Only let clients in with a token that they get here", \.tokenRealm),
                .text(
                    "token-service", nil, "string", "This registry, as tokens name it",
                    \.tokenService),
            ], operands: .none)
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        var flags: [String] = []
        let texts = [
            ("--listen", listen), ("--name", name), ("--htpasswd", passwordFile),
            ("--token-realm", tokenRealm), ("--token-service", tokenService),
            ("--token-issuer", tokenIssuer), ("--token-key", tokenKey),
            ("--tls-cert", certificate), ("--tls-key", key), ("--client-ca", clientAuthorities),
        ]
        for (flag, value) in texts {
            if let value { flags += [flag, value] }
        }
        if isReadOnly { flags.append("--read-only") }
        if showsOwnAlone { flags.append("--own-only") }
        if isQuiet { flags.append("--quiet") }
        try session.engine().registries.serve(flags)
    }
}
