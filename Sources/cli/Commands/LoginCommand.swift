import Diagnostics
import Engine
import Linux
import SystemPackage

/// `kade login`: shows a registry who one is, and keeps the password for later.
struct LoginCommand: Command {
    var user: String?
    var password: String?
    var readsPassword = false
    var authFile: String?
    var server: String?

    static let canPlan = true

    static var grammar: Grammar<LoginCommand> {
        Grammar(
            name: "login", synopsis: "[OPTIONS] [SERVER]", summary: "Authenticate to a registry",
            discussion: "Defaults to Docker's Hub if no server is specified.",
            flags: [
                .text(
                    "authfile", nil, "path",
                    "Keep the credentials in this file of containers-auth.json(5)", \.authFile),
                .text("password", "p", "string", "Password or Personal Access Token", \.password),
                .switch(
                    "password-stdin", nil, "Take the password from stdin", \.readsPassword),
                .text("username", "u", "string", "Username", \.user),
            ], operands: .atMost(1), assign: { $0.server = $1.first })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let registries = try session.engine().registries
        if session.plan != nil {
            // Nobody is asked for a password that would be shown to nobody.
            _ = try registries.logIn(to: server, as: nil, authFile: authFile.map { FilePath($0) })
            return .success
        }
        if user == nil && password == nil && !readsPassword {
            if try logInWithStored(registries, session) { return .success }
        }
        let login = try credentials(session)
        let outcome = try registries.logIn(
            to: server, as: login, authFile: authFile.map { FilePath($0) })
        if let file = outcome.file {
            try session.error.writeLine(
                """
                WARNING! Your credentials are stored unencrypted in '\(file)'.
                Configure a credential helper to remove this warning.
                """)
        }
        try session.output.writeLine("Login Succeeded")
        return .success
    }

    /// Tries the credentials that are stored.
    ///
    /// - Returns: false when there are none, or they are not accepted and a person can give others.
    private func logInWithStored(
        _ registries: RegistryService, _ session: Session
    ) throws(Problem) -> Bool {
        do throws(Problem) {
            let outcome = try registries.logIn(
                to: server, as: nil, authFile: authFile.map { FilePath($0) })
            let name = outcome.user.map { " [Username: \($0)]" } ?? ""
            try session.output.writeLine("Authenticating with existing credentials...\(name)")
            try session.output.writeLine("Login Succeeded")
            return true
        } catch  where error.kind == .notFound {
            return false
        } catch  where error.kind == .denied && Terminal.isTerminal(0) {
            try session.error.writeLine("Login did not succeed, error: \(error)")
            return false
        }
    }

    private func credentials(_ session: Session) throws(Problem) -> RegistryService.Login {
        if password != nil, readsPassword {
            throw mistake("--password and --password-stdin are mutually exclusive")
        }
        if readsPassword {
            guard let user else { throw mistake("Must provide --username with --password-stdin") }
            return .init(user: user, password: try Prompt.passwordFromInput())
        }
        if let password, let user {
            try session.warn("Using --password via the CLI is insecure. Use --password-stdin.")
            return .init(user: user, password: password)
        }
        guard Terminal.isTerminal(0) else {
            throw Problem(
                kind: .invalid, what: "cannot log in",
                why: "Cannot perform an interactive login from a non TTY device",
                fix: "give --username and --password-stdin")
        }
        let prompt = Prompt(output: session.output)
        let name = if let user { user } else { try prompt.line("Username: ") }
        guard !name.isEmpty else { throw mistake("a user name is needed") }
        let secret = if let password { password } else { try prompt.secret("Password: ") }
        guard !secret.isEmpty else { throw mistake("Password Required") }
        return .init(user: name, password: secret)
    }

    private func mistake(_ why: String) -> Problem {
        Problem(kind: .invalid, what: "cannot log in", why: why)
    }
}

/// `kade logout`: removes a registry's password.
struct LogoutCommand: Command {
    var authFile: String?
    var server: String?

    static let canPlan = true

    static var grammar: Grammar<LogoutCommand> {
        Grammar(
            name: "logout", synopsis: "[OPTIONS] [SERVER]", summary: "Log out from a registry",
            discussion: "If no server is specified, it is Docker's Hub.",
            flags: [
                .text(
                    "authfile", nil, "path",
                    "The file of containers-auth.json(5) that has the credentials", \.authFile)
            ], operands: .atMost(1), assign: { $0.server = $1.first })
    }

    func run(in session: Session) throws(Problem) -> ExitCode {
        let name = server ?? "https://index.docker.io/v1/"
        let isErased = try session.engine().registries.logOut(
            of: server, authFile: authFile.map { FilePath($0) })
        try session.output.writeLine(
            isErased ? "Removing login credentials for \(name)" : "Not logged in to \(name)")
        return .success
    }
}
