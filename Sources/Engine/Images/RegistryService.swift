import ContainerRuntime
package import Diagnostics
import Linux
import OCI
package import SystemPackage

/// Registries, as far as they are more than a place to pull from.
package struct RegistryService: Sendable {
    let context: EngineContext

    init(context: EngineContext) {
        self.context = context
    }

    /// A user's name and password.
    package struct Login: Sendable {
        package var user: String
        package var password: String

        package init(user: String, password: String) {
            self.user = user
            self.password = password
        }
    }

    /// What came of a login.
    package struct LoginOutcome: Sendable, Equatable {
        /// The user, where the name is known.
        package var user: String?
        /// The file that has the password now, for everybody to read who can read the file.
        package var file: String?
    }

    /// Shows credentials to a registry and keeps them when it accepts them.
    ///
    /// - Parameters:
    ///   - server: the registry; nil is Docker's Hub.
    ///   - login: the credentials; nil takes the stored ones.
    ///   - authFile: the file to keep them in, instead of Docker's.
    /// - Returns: what was kept.
    /// - Throws: `.denied` when the registry refuses them, `.notFound` when none are stored.
    package func logIn(
        to server: String?, as login: Login?, authFile: FilePath?
    ) throws(Problem) -> LoginOutcome {
        var outcome = LoginOutcome()
        if let plan = context.plan {
            plan.note(
                .runServer(
                    command("login", ["--credentials", "/proc/self/fd/3"], server, authFile),
                    "the registry is shown name and password, which are kept when it accepts them"),
                by: .engine)
            return outcome
        }
        let take = { (line: JSONValue) in
            outcome.user = line.text("user")
            outcome.file = line.text("file")
        }
        guard let login else {
            try run("login", [], server, authFile, file: nil, take)
            return outcome
        }
        let json: JSONValue = ["user": .string(login.user), "secret": .string(login.password)]
        let file = try explaining("cannot hand over the password") { () throws(SystemCallError) in
            let file = try OwnedFD.memory(named: "credentials")
            try file.writeAll(json.json())
            return file
        }
        try run(
            "login", ["--credentials", "/proc/self/fd/3"], server, authFile, file: file.rawValue,
            take)
        return outcome
    }

    /// Removes the credentials of a registry.
    ///
    /// - Returns: whether there were any.
    package func logOut(of server: String?, authFile: FilePath?) throws(Problem) -> Bool {
        if let plan = context.plan {
            plan.note(
                .runServer(
                    command("logout", [], server, authFile), "the registry's password is forgotten"),
                by: .engine)
            return true
        }
        var isErased = false
        try run("logout", [], server, authFile, file: nil) { line in
            isErased = line["erased"]?.bool ?? false
        }
        return isErased
    }

    /// Becomes the program that serves the image store as a registry.
    ///
    /// - Parameter flags: those of `kade-server registry`.
    /// - Throws: when the program cannot be executed.
    package func serve(_ flags: [String]) throws(Problem) -> Never {
        let configuration = context.configuration
        let path = configuration.serverProgram
        let arguments = [path.string, "registry", "--root", configuration.dataRoot.string] + flags
        let program = Program(arguments: arguments, environment: configuration.helperEnvironment)
        let refusal = program.execute(at: path)
        throw Problem(
            kind: .unsupported, what: "cannot serve a registry", why: "\(refusal)",
            fix: "install the program kade-server beside kade", cause: refusal)
    }

    private func run(
        _ command: String, _ flags: [String], _ server: String?, _ authFile: FilePath?,
        file: CInt?, _ take: (JSONValue) -> Void
    ) throws(Problem) {
        try ContentHelper(configuration: context.configuration).run(
            Array(self.command(command, flags, server, authFile).dropFirst()), input: nil,
            file: file, what: "cannot \(command)", take: take)
    }

    /// The whole command line of the helper.
    private func command(
        _ word: String, _ flags: [String], _ server: String?, _ authFile: FilePath?
    ) -> [String] {
        [context.configuration.serverProgram.string, word] + flags
            + (authFile.map { ["--authfile", $0.string] } ?? []) + (server.map { [$0] } ?? [])
    }
}
